//! Lays the layers of an image over each other as its runtime does: by the kernel, read-only, in a mount that is part of no tree and
//! ends with the root that is made of it. Nothing else on the machine sees it.

use super::layers::Layered;
use crate::files::root::Root;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen,
};
use std::path::{Path, PathBuf};

/// Longest option a kernel takes at once, bytes.
const MAX_OPTION: usize = 255;

/// The folders of an image's layers, from the uppermost to the lowest; `host` is the root of the host.
///
/// # Errors
/// Why they cannot be opened, for people.
pub(crate) fn open(host: &Root, image: &Layered) -> Result<Vec<OwnedFd>, String> {
    let open = |path: &PathBuf| host.open_at(path, OFlags::PATH | OFlags::DIRECTORY);
    let layers: Result<Vec<OwnedFd>, Errno> = image.folders.iter().map(open).collect();
    layers.map_err(|errno| format!("a layer cannot be opened: {errno}"))
}

/// The files of these layers as a root: from the uppermost to the lowest, laid out by a user without root's rights or not.
///
/// # Errors
/// Why it cannot be had, for people.
pub(crate) fn lay(layers: &[OwnedFd], of_user: bool) -> Result<Root, String> {
    if let [only] = layers {
        return root_of(only);
    }
    let mounted = mount(layers, of_user).map_err(|errno| match errno {
        Errno::PERM | Errno::ACCESS => {
            "laying layers over each other takes root's rights".to_owned()
        }
        Errno::NODEV | Errno::NOSYS => "this kernel cannot lay folders over each other".to_owned(),
        Errno::NAMETOOLONG => {
            format!("this kernel (before 6.7) cannot lay {} layers over each other", layers.len())
        }
        errno => format!("its layers cannot be laid over each other: {errno}"),
    })?;
    root_of(&mounted)
}

/// What is open, by the name it has in this process.
fn name(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// What is open as a root.
///
/// # Errors
/// Why it is none, for people.
pub(crate) fn root_of(fd: &OwnedFd) -> Result<Root, String> {
    Root::open(Path::new(&name(fd)), "").map_err(|error| error.message().to_owned())
}

fn mount(layers: &[OwnedFd], of_user: bool) -> Result<OwnedFd, Errno> {
    let names: Vec<String> = layers.iter().map(name).collect();
    let together = |whole: bool| {
        let fs = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
        if of_user {
            fsconfig_set_flag(&fs, "userxattr")?;
        }
        if whole {
            fsconfig_set_string(&fs, "lowerdir", names.join(":"))?;
        } else {
            names.iter().try_for_each(|name| fsconfig_set_string(&fs, "lowerdir+", name))?;
        }
        fsconfig_create(&fs)?;
        let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
            | MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        fsmount(&fs, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
    };
    match together(false) {
        // Kernels before 6.7 know layers only as one text.
        Err(Errno::INVAL) if names.join(":").len() <= MAX_OPTION => together(true),
        Err(Errno::INVAL) => Err(Errno::NAMETOOLONG),
        done => done,
    }
}
