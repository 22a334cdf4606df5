//! Any bytes as configurations of web servers: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = muster_formats::nginx::sites("/etc/nginx/nginx.conf", text, &mut ());
    let _ = muster_formats::apache::sites(
        "/etc/apache2/apache2.conf",
        text,
        &Default::default(),
        &mut (),
    );
    let _ =
        muster_formats::caddy::sites("/etc/caddy/Caddyfile", text, &Default::default(), &mut ());
    let _ = muster_formats::tomcat::services(text, &|_| None);
    let _ = muster_formats::tomcat::context(text, &|_| None);
});
