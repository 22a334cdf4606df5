//! Pure parsers of foreign bytes. Bytes in, structs out: no I/O of their own, explicit limits, never a panic.
#![forbid(unsafe_code)]

pub mod purl;

pub use purl::purl;
