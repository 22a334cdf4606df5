//! Pure parsers of foreign bytes. Bytes in, structs out: no I/O of their own, explicit limits, never a panic.
#![forbid(unsafe_code)]

pub mod apache;
pub mod apk;
pub mod authorized_keys;
pub mod bolt;
pub mod caddy;
pub mod class_file;
pub mod composer;
pub mod crontab;
pub mod dpkg;
pub mod elf;
pub mod flatpak;
pub mod gem;
pub mod go_buildinfo;
pub mod include;
pub mod jar;
pub mod jar_name;
pub mod kernel_module;
pub mod kubeconfig;
pub mod manifest;
pub mod nginx;
pub mod npm;
mod order;
pub mod os_release;
pub mod pacman;
pub mod passwd;
pub mod pom;
pub mod proc_event;
pub mod purl;
pub mod python;
pub mod read_at;
pub mod rpm;
pub mod site;
pub mod snap;
pub mod sockets;
pub mod sqlite;
pub mod sshd;
pub mod sudoers;
pub mod systemd;
pub mod tomcat;
pub mod udev_rules;
pub mod version_strings;
pub mod x509;
pub mod zipfile;

pub use purl::purl;
