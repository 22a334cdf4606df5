//! Any bytes as the kernel's lists of sockets and news of processes: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    use muster_formats::sockets::{Protocol, inet_diag, proc_net};
    let _ = proc_net::sockets(Protocol::Tcp, data).count();
    let _ = inet_diag::answer(Protocol::Tcp, data, &mut |_| {});
    muster_formats::proc_event::events(data, &mut |_| {});
});
