//! What was made of files, kept from sweep to sweep: a file that has not changed is not opened again.

use crate::files::root::Root;
use crate::files::{Signature, Stat};
use muster_model::Micros;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

/// Results by the type of the result and by what identifies the content of the file.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    results: HashMap<(TypeId, Signature), Result>,
    sweep: u64,
}

#[derive(Debug)]
struct Result {
    value: Arc<dyn Any + Send + Sync>,
    used: u64,
}

impl Memo {
    const MAX_ENTRIES: usize = 100_000;

    /// A new sweep begins. What nobody has asked for during the last hundred sweeps is forgotten.
    pub(crate) fn begin(&mut self) {
        self.sweep += 1;
        if self.sweep.is_multiple_of(64) {
            let oldest = self.sweep.saturating_sub(100);
            self.results.retain(|_, result| result.used >= oldest);
        }
    }
}

/// The result for the file with this metadata, if it is known.
pub(crate) fn recall<T: Send + Sync + 'static>(memo: &Mutex<Memo>, stat: &Stat) -> Option<Arc<T>> {
    let mut memo = memo.lock().unwrap_or_else(PoisonError::into_inner);
    let sweep = memo.sweep;
    let result = memo.results.get_mut(&(TypeId::of::<T>(), stat.signature()))?;
    result.used = sweep;
    Arc::clone(&result.value).downcast().ok()
}

/// Makes the result and remembers it, unless the file changed meanwhile or just before.
pub(crate) fn make<T: Send + Sync + 'static>(
    memo: &Mutex<Memo>,
    root: &Root,
    file: &File,
    now: Micros,
    parse: impl FnOnce(&File) -> T,
) -> Arc<T> {
    let signature = || root.stat_of(file).ok().map(|stat| stat.signature());
    let before = signature();
    let value = Arc::new(parse(file));
    if let Some(signature) = signature()
        && before == Some(signature)
        && signature.is_settled(now)
    {
        let mut memo = memo.lock().unwrap_or_else(PoisonError::into_inner);
        if memo.results.len() < Memo::MAX_ENTRIES {
            let used = memo.sweep;
            let shared: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&value);
            memo.results.insert((TypeId::of::<T>(), signature), Result { value: shared, used });
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::{Clock, SystemClock};

    struct Length(usize);

    #[test]
    fn a_file_is_parsed_once_until_it_changes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let stat = || Stat::from(rustix::fs::fstat(file.as_file()).unwrap());
        let memo = Mutex::new(Memo::default());
        let root = Root::open(std::path::Path::new("/"), "").unwrap();
        let later = SystemClock.now().plus_secs(60);
        std::fs::write(file.path(), "12").unwrap();
        assert!(recall::<Length>(&memo, &stat()).is_none());
        assert_eq!(make(&memo, &root, file.as_file(), later, |_| Length(2)).0, 2);
        assert_eq!(recall::<Length>(&memo, &stat()).unwrap().0, 2);
        assert!(recall::<usize>(&memo, &stat()).is_none(), "another purpose");
        std::fs::write(file.path(), "123").unwrap();
        assert!(recall::<Length>(&memo, &stat()).is_none());
        // Too soon after a change: a second one might leave the same time stamp.
        make(&memo, &root, file.as_file(), stat().ctime, |_| Length(3));
        assert!(recall::<Length>(&memo, &stat()).is_none());
    }
}
