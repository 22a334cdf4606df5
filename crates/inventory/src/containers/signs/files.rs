//! Files that containers are not to change.
//!
//! What a container writes lies in its upper layer, and there alone: nothing has to be remembered to tell that a file is not
//! the image's any more. What is mounted over a path is not the image's either, and is not looked at.

use crate::files::layers_of;
use crate::files::root::Root;
use muster_model::container::SignKind;
use rustix::fs::{Dir, FileType, OFlags};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Changed files told of one protected folder.
const MAX_CHANGED: usize = 16;
/// Entries of upper layers looked at for one protected folder.
const MAX_ENTRIES: usize = 4_096;
/// Folders inside each other.
const MAX_DEPTH: usize = 32;

/// What of the protected paths the container with these mounts has changed. `host` sees its layers.
pub(super) fn changed(mounts: &str, host: &Root, paths: &[String]) -> Vec<(SignKind, String)> {
    if paths.is_empty() {
        return Vec::new();
    }
    let Some((_, upper)) = layers_of(mounts) else { return Vec::new() };
    let mut found = Vec::new();
    for path in paths {
        look(host, &upper, Path::new(path), &mut found);
    }
    found.into_iter().map(|it| (SignKind::ProtectedFile, it)).collect()
}

fn look(host: &Root, upper: &Path, path: &Path, found: &mut Vec<String>) {
    let mut at = upper.to_owned();
    let mut inside = PathBuf::from("/");
    let mut parts = path.components().filter(|it| matches!(it, Component::Normal(_))).peekable();
    let mut hidden = false;
    while let Some(part) = parts.next() {
        at.push(part);
        inside.push(part);
        let Ok(stat) = host.stat(&at, false) else {
            // It is the image's, unless a folder above it was made anew.
            if hidden {
                found.push(format!("{} removed", path.display()));
            }
            return;
        };
        // A link in the place of a folder leads wherever the container likes.
        if !stat.is_dir() {
            let told = tell(&stat.file_type(), parts.peek().is_none());
            found.push(format!("{} {told}", inside.display()));
            return;
        }
        hidden |= is_opaque(host, &at);
    }
    let mut walk = Walk { host, left: MAX_ENTRIES, found: Vec::new() };
    walk.folder(&at, &inside, MAX_DEPTH);
    if hidden && walk.found.is_empty() {
        walk.found.push(format!("{} replaced", path.display()));
    }
    found.append(&mut walk.found);
}

fn tell(file_type: &FileType, is_it: bool) -> &'static str {
    match file_type {
        // The kernel's mark of what is gone.
        FileType::CharacterDevice => "removed",
        _ if is_it => "changed",
        _ => "replaced",
    }
}

/// Was the folder removed and made again? Then nothing of the image shines through.
fn is_opaque(host: &Root, folder: &Path) -> bool {
    let Ok(fd) = host.open_at(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW) else {
        return false;
    };
    ["trusted.overlay.opaque", "user.overlay.opaque"].iter().any(|name| {
        let mut value = [0; 1];
        rustix::fs::fgetxattr(&fd, *name, &mut value).is_ok_and(|_| value == *b"y")
    })
}

/// What of a protected folder is in the upper layer.
struct Walk<'h> {
    host: &'h Root,
    left: usize,
    found: Vec<String>,
}

impl Walk<'_> {
    fn folder(&mut self, at: &Path, inside: &Path, depth: usize) {
        if depth == 0 {
            return;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let Ok(mut dir) = self.host.open_at(at, flags).and_then(Dir::new) else { return };
        let mut entries = Vec::new();
        while let Some(Ok(entry)) = dir.read() {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                entries.push((name, entry.file_type()));
            }
        }
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (name, file_type) in entries {
            if self.found.len() == MAX_CHANGED {
                return;
            }
            let (at, inside) = (at.join(&name), inside.join(&name));
            if file_type == FileType::Directory {
                self.folder(&at, &inside, depth - 1);
            } else {
                self.found.push(format!("{} {}", inside.display(), tell(&file_type, true)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_upper_layer_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        let upper = folder.path().join("c1/diff");
        for path in ["etc/ssl/private", "usr/bin", "opt"] {
            std::fs::create_dir_all(upper.join(path)).unwrap();
        }
        for path in ["etc/passwd", "etc/ssl/private/key.pem", "usr/bin/curl"] {
            std::fs::write(upper.join(path), "x").unwrap();
        }
        std::os::unix::fs::symlink("/", upper.join("srv")).unwrap();
        let mounts = format!(
            "76 49 0:40 / / rw - overlay overlay rw,lowerdir={0}/l/A,upperdir={0}/c1/diff,workdir={0}/c1/work",
            folder.path().display()
        );
        let host = Root::open(Path::new("/"), "").unwrap();
        let of = |path: &str| {
            let signs = changed(&mounts, &host, &[path.to_owned()]);
            signs.into_iter().map(|(_, evidence)| evidence).collect::<Vec<_>>()
        };
        assert_eq!(of("/etc/passwd"), ["/etc/passwd changed"]);
        assert_eq!(of("/etc/shadow"), [] as [&str; 0]);
        assert_eq!(of("/etc/ssl"), ["/etc/ssl/private/key.pem changed"]);
        assert_eq!(of("/usr"), ["/usr/bin/curl changed"]);
        assert_eq!(of("/opt"), [] as [&str; 0]);
        assert_eq!(of("/srv/www/index.html"), ["/srv replaced"]);
        assert_eq!(of("/var/lib"), [] as [&str; 0]);
        assert_eq!(of("/opt/../etc/passwd"), [] as [&str; 0], "no path leads up");
    }
}
