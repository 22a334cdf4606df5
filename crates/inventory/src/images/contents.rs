//! What software is in an image, and which of its layers brought it.

use super::known::{self, Folder, Key, Known};
use super::layers::Layered;
use super::{applications, overlay};
use crate::collector::{Collector, Findings};
use crate::files::Files;
use crate::files::root::Root;
use crate::host::{Host, Memory, Place};
use crate::proc::Proc;
use muster_model::image::MAX_CONTENTS;
use muster_model::{Column, Fact, FactHash, Kind};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What there is without a process, beside the packages of the system: what is recognised by its files.
const KINDS: [Kind; 4] = [Kind::Database, Kind::WebService, Kind::WebFramework, Kind::WebCms];
/// Where package managers keep what is installed. A layer without any of these installs nothing.
/// Which distribution it is belongs to each package, too.
const PACKAGES: [&str; 11] = [
    "/etc/os-release",
    "/usr/lib/os-release",
    "/var/lib/dpkg",
    "/var/lib/rpm",
    "/usr/lib/sysimage/rpm",
    "/lib/apk/db",
    "/usr/lib/apk/db",
    "/var/lib/pacman/local",
    "/var/lib/snapd",
    "/snap",
    "/var/lib/flatpak",
];
/// Layers that installed something told apart at most: each costs a look at all packages up to it.
const MAX_INSTALLING: usize = 16;

/// The software in an image, and which layer brought each piece, counted from the lowest, where that can be told.
pub(crate) type Found = (Vec<Fact>, Vec<Option<u16>>);

/// What looking into an image takes.
pub(crate) struct Looking<'l, F> {
    /// The host's root.
    pub(crate) host: &'l Root,
    pub(crate) proc: &'l Proc,
    pub(crate) collectors: &'l [&'l dyn Collector],
    /// Makes the files of a root.
    pub(crate) inside: F,
    /// What was found in layers before.
    pub(crate) known: &'l Mutex<Known>,
}

/// An image that is looked into.
struct Opened {
    /// All layers over each other.
    whole: Arc<Root>,
    /// Each by itself, from the lowest.
    layers: Vec<Arc<Root>>,
    folders: Vec<Folder>,
}

impl<F: Fn(Arc<Root>) -> Files> Looking<'_, F> {
    /// The software in the image of these layers, each piece once.
    ///
    /// # Errors
    /// Why it cannot be told, for people.
    pub(crate) fn look_into(&self, image: &Layered) -> Result<Found, String> {
        let fds = overlay::open(self.host, image)?;
        let layers: Result<Vec<_>, String> =
            fds.iter().rev().map(|fd| overlay::root_of(fd).map(Arc::new)).collect();
        let opened = Opened {
            whole: Arc::new(overlay::lay(&fds, image.of_user)?),
            layers: layers?,
            folders: known::folders(self.host, image).ok_or("a layer is gone")?,
        };
        let (mut facts, mut from) = self.packages(&opened, |lowest| {
            // Layers come from the uppermost.
            let lower = fds.get(fds.len() - lowest..).unwrap_or_default();
            overlay::lay(lower, image.of_user)
        })?;
        let mut seen: HashSet<FactHash> = facts.iter().map(Fact::hash).collect();
        for fact in self.collected(&KINDS, &opened.whole)? {
            if seen.insert(fact.hash()) {
                from.push(opened.uppermost(Path::new(fact.text(Column::Path))));
                facts.push(fact);
            }
        }
        for (fact, layer) in self.applications(&opened)? {
            if seen.insert(fact.hash()) {
                facts.push(fact);
                from.push(Some(layer));
            }
        }
        if facts.len() > MAX_CONTENTS {
            return Err(format!("more than {MAX_CONTENTS} pieces of software are in it"));
        }
        Ok((facts, from))
    }

    /// What the collectors of these kinds find in a root. Their troubles are those of the image, and nobody waits for them.
    fn collected(&self, kinds: &[Kind], root: &Arc<Root>) -> Result<Vec<Fact>, String> {
        let (mut memory, mut owners) =
            (Memory::new(), crate::owners::index(&crate::owners::Known::default()));
        let mut facts = Vec::new();
        for collector in self.collectors.iter().filter(|it| kinds.contains(&it.kind())) {
            let files = (self.inside)(Arc::clone(root));
            let place = Place {
                processes: &[],
                ended: &[],
                all: &[],
                is_container: true,
                inner: None,
                forwarded: None,
            };
            let run = catch_unwind(AssertUnwindSafe(|| {
                let mut findings = Findings::default();
                let host = Host::new(&files, self.proc, place, owners.as_mut(), &mut memory);
                collector.collect(&host, &mut findings);
                findings
            }));
            let Ok(findings) = run else {
                return Err(format!("the collector of {} failed", collector.kind()));
            };
            let (_, mut troubles) = files.finish();
            facts.extend(findings.finish(&mut troubles).rows.iter().map(|row| row.fact.clone()));
        }
        Ok(facts)
    }

    /// What was found under this key before, or is now.
    fn once(
        &self,
        key: Key,
        find: impl FnOnce() -> Result<Vec<Fact>, String>,
    ) -> Result<Arc<Vec<Fact>>, String> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(facts) = known().get(&key) {
            return Ok(facts);
        }
        let facts = Arc::new(find()?);
        known().keep(key, Arc::clone(&facts));
        Ok(facts)
    }

    /// The packages of the system. The layer that brought one is the lowest from which on it was always there.
    fn packages(
        &self,
        opened: &Opened,
        lay: impl Fn(usize) -> Result<Root, String>,
    ) -> Result<Found, String> {
        let installs =
            |root: &Arc<Root>| PACKAGES.iter().any(|it| root.stat(Path::new(it), false).is_ok());
        let each = opened.layers.iter().enumerate();
        let installing: Vec<usize> =
            each.filter(|(_, root)| installs(root)).map(|(nth, _)| nth).collect();
        let Some(last) = installing.last() else { return Ok(Found::default()) };
        let after = |nth: usize| {
            let folders = opened.folders.get(..=nth).unwrap_or_default().to_vec();
            let all = nth + 1 == opened.layers.len() || nth == *last;
            self.once(Key::Packages(folders), || {
                let root = if all { Arc::clone(&opened.whole) } else { Arc::new(lay(nth + 1)?) };
                self.collected(&[Kind::App], &root)
            })
        };
        let all = after(*last)?;
        if installing.len() > MAX_INSTALLING {
            return Ok((all.to_vec(), vec![None; all.len()]));
        }
        let mut from: HashMap<FactHash, usize> =
            all.iter().map(|fact| (fact.hash(), *last)).collect();
        for nth in installing.iter().rev().skip(1) {
            let there: HashSet<FactHash> = after(*nth)?.iter().map(Fact::hash).collect();
            // What was already not there above is of that layer, whatever lies below.
            let next = installing.iter().find(|it| *it > nth);
            for (fact, layer) in &mut from {
                if Some(&*layer) == next && there.contains(fact) {
                    *layer = *nth;
                }
            }
        }
        let layer = |fact: &Fact| from.get(&fact.hash()).and_then(|nth| u16::try_from(*nth).ok());
        Ok((all.to_vec(), all.iter().map(layer).collect()))
    }

    /// The packages of applications that are seen in the image, with the layer each lies in.
    fn applications(&self, opened: &Opened) -> Result<Vec<(Fact, u16)>, String> {
        let (mut found, mut plain) = (Vec::new(), HashMap::new());
        for (nth, root) in opened.layers.iter().enumerate() {
            let key = opened.folders.get(nth).cloned().ok_or("a layer is gone")?;
            let facts = self.once(Key::Applications(key), || {
                let files = (self.inside)(Arc::clone(root));
                catch_unwind(AssertUnwindSafe(|| applications::of(&files)))
                    .map_err(|_| "looking for applications failed".to_owned())
            })?;
            let layer = u16::try_from(nth).map_err(|_| "too many layers".to_owned())?;
            for fact in facts.iter() {
                if opened.is_seen(nth, applications::file_of(fact), &mut plain) {
                    found.push((fact.clone(), layer));
                }
            }
        }
        Ok(found)
    }
}

impl Opened {
    /// The uppermost layer that has this path.
    fn uppermost(&self, path: &Path) -> Option<u16> {
        if path.as_os_str().is_empty() {
            return None;
        }
        let has = |root: &Arc<Root>| root.stat(path, false).is_ok();
        u16::try_from(self.layers.iter().rposition(has)?).ok()
    }

    /// Whether the file of the layer `nth` at `path` is the one that is seen in the image there: no layer above has another one or has
    /// deleted it. `plain` remembers which folders are some, and no links to others.
    fn is_seen(&self, nth: usize, path: &Path, plain: &mut HashMap<PathBuf, bool>) -> bool {
        let above = self.layers.get(nth + 1..).unwrap_or_default();
        if above.is_empty() {
            return true;
        }
        self.whole.stat(path, false).is_ok_and(|stat| stat.is_file())
            && !above.iter().any(|root| root.stat(path, false).is_ok())
            && path.parent().is_none_or(|folder| self.is_plain(folder, plain))
    }

    fn is_plain(&self, folder: &Path, plain: &mut HashMap<PathBuf, bool>) -> bool {
        if let Some(known) = plain.get(folder) {
            return *known;
        }
        let is = self.whole.stat(folder, false).is_ok_and(|stat| stat.is_dir())
            && folder.parent().is_none_or(|it| self.is_plain(it, plain));
        plain.insert(folder.to_owned(), is);
        is
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::COLLECTORS;
    use crate::hashing::HashCache;
    use crate::memo::Memo;
    use muster_model::Micros;
    use std::fs;

    /// Folders of layers below one root, and what was found in them.
    struct Layers {
        folder: tempfile::TempDir,
        known: Mutex<Known>,
    }

    impl Layers {
        fn of(content: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let it = Self { folder, known: Mutex::default() };
            content.iter().for_each(|(path, text)| it.write(path, text));
            it
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// Name, version and layer of each piece in the image of these layers, from the lowest; none where the kernel does not let us.
        fn look(&self, layers: &[&str]) -> Option<Vec<String>> {
            let host = Root::open(self.folder.path(), "").unwrap();
            let folders = layers.iter().rev().map(|it| Path::new("/").join(it)).collect();
            let inside = |root| {
                let (hashes, memo) =
                    (Arc::<Mutex<HashCache>>::default(), Arc::<Mutex<Memo>>::default());
                Files::new(root, hashes, memo, 100_000, Micros(0))
            };
            let proc = Proc::open(Path::new("/proc")).unwrap();
            let looking = Looking {
                host: &host,
                proc: &proc,
                collectors: COLLECTORS,
                inside,
                known: &self.known,
            };
            let found = looking.look_into(&Layered { folders, of_user: false });
            let (facts, from) = match found {
                Err(why) if why.contains("rights") || why.contains("kernel") => return None,
                found => found.unwrap(),
            };
            let text = |(fact, layer): (&Fact, &Option<u16>)| {
                let version = fact.text(Column::Version);
                format!("{} {version} {}", fact.text(Column::Name), layer.unwrap())
            };
            let mut told: Vec<_> = facts.iter().zip(&from).map(text).collect();
            told.sort();
            Some(told)
        }
    }

    fn package(name: &str, version: &str) -> String {
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
        )
    }

    fn npm(name: &str, version: &str) -> String {
        format!(r#"{{"name":"{name}","version":"{version}"}}"#)
    }

    const STATUS: &str = "var/lib/dpkg/status";

    #[test]
    fn each_piece_is_told_with_the_layer_that_brought_it() {
        let (a, b, c) = (package("a", "1"), package("b", "1"), package("c", "1"));
        let newer = package("b", "2");
        let layers = Layers::of(&[
            (&format!("0/{STATUS}"), &format!("{a}{b}")),
            ("0/app/node_modules/left/package.json", &npm("left", "1")),
            ("0/app/node_modules/right/package.json", &npm("right", "1")),
            ("0/old/node_modules/under/package.json", &npm("under", "1")),
            // Installs nothing.
            ("1/app/node_modules/more/package.json", &npm("more", "1")),
            (&format!("2/{STATUS}"), &format!("{a}{newer}{c}")),
            ("2/app/node_modules/right/package.json", &npm("right", "2")),
            (&format!("3/{STATUS}"), &format!("{a}{newer}")),
        ]);
        // What was a folder is a link now.
        std::os::unix::fs::symlink("app", layers.folder.path().join("3/old")).unwrap();
        let Some(told) = layers.look(&["0", "1", "2"]) else { return };
        let expected =
            ["a 1 0", "b 2 2", "c 1 2", "left 1 0", "more 1 1", "right 2 2", "under 1 0"];
        assert_eq!(told, expected);
        let told = layers.look(&["0", "1", "2", "3"]).unwrap();
        assert_eq!(told, ["a 1 0", "b 2 2", "left 1 0", "more 1 1", "right 2 2"]);
    }

    #[test]
    fn a_layer_is_read_once_for_all_images_that_have_it() {
        let layers = Layers::of(&[
            (&format!("base/{STATUS}"), &package("a", "1")),
            ("base/app/node_modules/left/package.json", &npm("left", "1")),
            ("one/app/node_modules/one/package.json", &npm("one", "1")),
            ("two/app/node_modules/two/package.json", &npm("two", "1")),
        ]);
        let Some(one) = layers.look(&["base", "one"]) else { return };
        assert_eq!(one, ["a 1 0", "left 1 0", "one 1 1"]);
        // Layers do not change; that these do shows what is read.
        layers.write(&format!("base/{STATUS}"), &package("a", "9"));
        layers.write("base/app/node_modules/left/package.json", &npm("left", "9"));
        assert_eq!(layers.look(&["base", "two"]).unwrap(), ["a 1 0", "left 1 0", "two 1 1"]);
        // Another folder under the same name is another layer.
        fs::rename(layers.folder.path().join("base"), layers.folder.path().join("gone")).unwrap();
        layers.write(&format!("base/{STATUS}"), &package("a", "9"));
        assert_eq!(layers.look(&["base", "two"]).unwrap(), ["a 9 0", "two 1 1"]);
    }

    #[test]
    fn a_broken_layer_costs_what_is_broken() {
        let layers = Layers::of(&[(&format!("0/{STATUS}"), "\0\0"), ("0/app/x.jar", "PK")]);
        assert_eq!(layers.look(&["0"]).unwrap(), Vec::<String>::new());
        let host = Root::open(layers.folder.path(), "").unwrap();
        let missing = Layered { folders: vec!["/nowhere".into()], of_user: false };
        assert!(overlay::open(&host, &missing).unwrap_err().contains("layer"));
    }
}
