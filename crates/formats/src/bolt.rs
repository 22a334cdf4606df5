//! Reads a bbolt database, the single-file store of containerd and Podman: pages of a B+tree, in buckets that nest
//! (format: `page.go`, `bucket.go` and `db.go` of go.etcd.io/bbolt; little-endian, as every machine writes it that containers run on).
//!
//! The file is read as it lies, also while its owner writes. Its owner never overwrites a page of the newest state; a page of the state
//! before may be overwritten as soon as the next one is complete. So what was read is whole exactly if the state it was
//! read from is still the newest: [`Database::is_current`].
//!
//! Limits: pages of 1 to 64 KiB, a key or value of 16 MiB, trees of 32 levels, and no more pages in all than sixteen times those there are, so that what
//! leads into itself ends.

mod page;

use crate::read_at::ReadAt;
use page::{Element, Page};
use std::cell::Cell;
use std::fmt;

/// What is wrong with a database, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Broken {}

/// Shorthand of this module.
pub type Result<T> = std::result::Result<T, Broken>;

/// Something points beyond what is there.
const CUT: Broken = Broken("a structure is cut off");
/// At the start of every meta page.
const MAGIC: u32 = 0xed0c_daed;
/// The only version there is.
const VERSION: u32 = 2;
/// A page's own head: its number, what it is, how many elements, how many pages follow it.
const PAGE_HEAD: usize = 16;
/// Bytes of a meta page that its checksum is over.
const META: usize = 56;
/// The head of a bucket: the page of its root, and a counter.
const BUCKET_HEAD: usize = 16;
/// Deeper trees, or buckets in buckets, are not followed.
const MAX_DEPTH: usize = 32;
/// Longest page with what follows it, bytes.
const MAX_PAGE: usize = 16 << 20;

/// A database, as it was when it was opened.
pub struct Database<'a> {
    file: &'a dyn ReadAt,
    page_size: usize,
    root: u64,
    /// The number of the last change.
    state: u64,
    /// Pages that may still be read.
    budget: Cell<u64>,
}

/// What a meta page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meta {
    page_size: usize,
    root: u64,
    state: u64,
}

/// A bucket of a database.
#[derive(Clone, Debug)]
pub struct Bucket(Root);

#[derive(Clone, Debug)]
enum Root {
    /// On a page of its own.
    At(u64),
    /// A small one lies where its value would.
    Inline(Vec<u8>),
}

/// What lies under a key.
pub enum Entry<'p> {
    /// A value.
    Value(&'p [u8]),
    /// A bucket.
    Bucket(Bucket),
}

/// Whether to go on with the next entry.
pub type Go = std::ops::ControlFlow<()>;

/// Gets each entry of a bucket, in the order of their keys.
type Each<'e> = dyn FnMut(&[u8], Entry<'_>) -> Go + 'e;

impl<'a> Database<'a> {
    /// Finds the newest state that is complete.
    ///
    /// # Errors
    /// Neither of the two meta pages is sound.
    pub fn open(file: &'a dyn ReadAt) -> Result<Self> {
        let newest = newest(file).ok_or(Broken("neither meta page is sound"))?;
        let pages = file.size() / newest.page_size as u64;
        Ok(Self {
            file,
            page_size: newest.page_size,
            root: newest.root,
            state: newest.state,
            budget: Cell::new(pages.saturating_mul(16).saturating_add(1_024)),
        })
    }

    /// Whether no newer state came while this one was read. If one did, read it instead.
    pub fn is_current(&self) -> bool {
        newest(self.file).is_some_and(|it| it.state == self.state)
    }

    /// What holds everything.
    pub const fn root(&self) -> Bucket {
        Bucket(Root::At(self.root))
    }

    /// The bucket below these keys.
    ///
    /// # Errors
    /// A page on the way is broken.
    pub fn bucket(&self, path: &[&[u8]]) -> Result<Option<Bucket>> {
        let mut bucket = self.root();
        for key in path {
            match bucket.bucket(self, key)? {
                Some(inner) => bucket = inner,
                None => return Ok(None),
            }
        }
        Ok(Some(bucket))
    }

    fn page(&self, number: u64) -> Result<Page> {
        self.spend(1)?;
        let size = self.page_size as u64;
        let offset = number.checked_mul(size).ok_or(CUT)?;
        let mut bytes = vec![0; self.page_size];
        self.file.read_at(&mut bytes, offset).map_err(|_| CUT)?;
        if page::number(&bytes)? != number {
            return Err(Broken("a page that says it is another"));
        }
        let more = page::overflow(&bytes)?.checked_mul(self.page_size).ok_or(CUT)?;
        if more > 0 {
            let whole = more.checked_add(self.page_size).filter(|it| *it <= MAX_PAGE);
            bytes.resize(whole.ok_or(Broken("a page longer than 16 MiB"))?, 0);
            let rest = bytes.get_mut(self.page_size..).ok_or(CUT)?;
            let after = offset.checked_add(size).ok_or(CUT)?;
            self.file.read_at(rest, after).map_err(|_| CUT)?;
            self.spend(rest.len() as u64 / size)?;
        }
        Page::new(bytes)
    }

    fn spend(&self, pages: u64) -> Result<()> {
        let left = self.budget.get().checked_sub(pages).ok_or(Broken("pages in a circle"))?;
        self.budget.set(left);
        Ok(())
    }

    /// The root page of a bucket.
    fn top(&self, bucket: &Bucket) -> Result<Page> {
        match &bucket.0 {
            Root::At(number) => self.page(*number),
            Root::Inline(bytes) => Page::new(bytes.clone()),
        }
    }
}

impl Bucket {
    /// From the value it lies in.
    fn of(value: &[u8]) -> Result<Self> {
        let root = page::u64(value, 0)?;
        if root != 0 {
            return Ok(Self(Root::At(root)));
        }
        let page = value.get(BUCKET_HEAD..).ok_or(CUT)?;
        Ok(Self(Root::Inline(page.to_vec())))
    }

    /// The value under a key.
    ///
    /// # Errors
    /// A page on the way is broken.
    pub fn get(&self, database: &Database<'_>, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut found = None;
        self.find(database, key, &mut |element| {
            if !element.is_bucket {
                found = Some(element.value.to_vec());
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The bucket under a key.
    ///
    /// # Errors
    /// A page on the way is broken.
    pub fn bucket(&self, database: &Database<'_>, key: &[u8]) -> Result<Option<Self>> {
        let mut found = None;
        self.find(database, key, &mut |element| {
            if element.is_bucket {
                found = Some(Self::of(element.value)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Calls `each` with every entry, in the order of their keys, until it breaks off.
    ///
    /// # Errors
    /// A page is broken. What came before it was told.
    pub fn each(
        &self,
        database: &Database<'_>,
        mut each: impl FnMut(&[u8], Entry<'_>) -> Go,
    ) -> Result<()> {
        below(database, &database.top(self)?, 0, &mut each).map(drop)
    }

    /// Calls `told` with the element under `key`, if there is one.
    fn find(
        &self,
        database: &Database<'_>,
        key: &[u8],
        told: &mut dyn FnMut(Element<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut page = database.top(self)?;
        for _ in 0..MAX_DEPTH {
            if page.is_leaf() {
                return match page.find(key)? {
                    Some(element) => told(element),
                    None => Ok(()),
                };
            }
            let Some(child) = page.child_of(key)? else { return Ok(()) };
            page = database.page(child)?;
        }
        Err(Broken("a tree deeper than 32 levels"))
    }
}

fn below(database: &Database<'_>, page: &Page, depth: usize, each: &mut Each<'_>) -> Result<Go> {
    if depth == MAX_DEPTH {
        return Err(Broken("a tree deeper than 32 levels"));
    }
    for nth in 0..page.count() {
        let go = if page.is_leaf() {
            let element = page.leaf(nth)?;
            let entry = if element.is_bucket {
                Entry::Bucket(Bucket::of(element.value)?)
            } else {
                Entry::Value(element.value)
            };
            each(element.key, entry)
        } else {
            below(database, &database.page(page.branch(nth)?.1)?, depth + 1, each)?
        };
        if go.is_break() {
            return Ok(go);
        }
    }
    Ok(Go::Continue(()))
}

/// The newer of the two meta pages that are sound. The second begins where the first ends, and only it says where that is:
/// if it is not sound, every size is tried.
fn newest(file: &dyn ReadAt) -> Option<Meta> {
    let first = meta(file, 0);
    let second = match first {
        Some(first) => meta(file, first.page_size as u64),
        None => (10..=16).find_map(|bits| meta(file, 1 << bits)),
    };
    [first, second].into_iter().flatten().max_by_key(|it| it.state)
}

fn meta(file: &dyn ReadAt, offset: u64) -> Option<Meta> {
    let mut bytes = [0; PAGE_HEAD + META + 8];
    file.read_at(&mut bytes, offset).ok()?;
    let meta = bytes.get(PAGE_HEAD..)?;
    let (word, long) = (|at| page::u32(meta, at).ok(), |at| page::u64(meta, at).ok());
    let sound = word(0)? == MAGIC
        && word(4)? == VERSION
        && long(META)? == fnv1a(meta.get(..META)?)
        && page::is_meta(&bytes);
    let page_size = usize::try_from(word(8)?).ok()?;
    let usual = page_size.is_power_of_two() && (1_024..=65_536).contains(&page_size);
    (sound && usual).then_some(Meta { page_size, root: long(16)?, state: long(48)? })
}

/// The FNV-1a hash of 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
