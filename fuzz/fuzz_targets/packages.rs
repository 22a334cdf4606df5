//! Any bytes as the databases of dpkg, apk and pacman: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = muster_formats::dpkg::packages(data).count();
    let _ = muster_formats::dpkg::list_paths(data).count();
    let _ = muster_formats::dpkg::md5sums_paths(data).count();
    let _ = muster_formats::dpkg::diversions(data).count();
    let _ = muster_formats::apk::packages(data).count();
    let _ = muster_formats::pacman::package(data);
    let _ = muster_formats::pacman::paths(data).count();
});
