//! Any bytes as metadata of packages in many languages: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = muster_formats::python::parse_metadata(data);
    let _ = muster_formats::npm::parse_package(data);
    let _ = muster_formats::composer::parse(data);
    let _ = muster_formats::pom::parse_properties(data);
    let _ = muster_formats::pom::parse_xml(data);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = muster_formats::python::parse_pyvenv(text);
        let _ = muster_formats::gem::parse_lock(text);
        let _ = muster_formats::jar_name::parse(text);
        let _ = muster_formats::snap::snap(text);
        let _ = muster_formats::flatpak::version(text);
        let _ = muster_formats::kubeconfig::parse(text);
        let _ = muster_formats::os_release::parse(text);
        let _ = muster_formats::version_strings::version(text);
    }
});
