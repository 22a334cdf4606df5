//! Pure parsers of foreign bytes. Bytes in, structs out: no I/O of their own, explicit limits, never a panic.
#![forbid(unsafe_code)]

pub mod apache;
pub mod apk;
pub mod dpkg;
pub mod include;
pub mod jar_name;
pub mod manifest;
pub mod nginx;
pub mod pacman;
pub mod pom;
pub mod purl;
pub mod read_at;
pub mod rpm;
pub mod site;
pub mod zipfile;

pub use purl::purl;
