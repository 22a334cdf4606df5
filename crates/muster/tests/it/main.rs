//! The real binary, started, asked, killed and started again.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may say so at once"
)]

mod audit;
mod backup;
mod cert;
mod containers;
mod hosts;
mod images;
mod init;
mod install;
mod key;
mod knowledge;
mod life;
mod live;
mod process;
mod quiet;
mod raw;
mod refusals;
mod sca;
mod secrets;
mod terraform;
mod tls;
mod wire;
