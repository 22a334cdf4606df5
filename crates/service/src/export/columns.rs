//! The columns an export of each kind can have, and where their cells come from.
//!
//! Keys are those of the vendor's "Exporting Asset Fingerprints", which are not those of the list rows in
//! every place: a port's `port_status`, a process's `user_name`, an auto-started item's container.

use super::cell::Cell;
use muster_model::{Column, Kind, Micros};
use muster_store::assets::Seen;

/// Where a cell comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    HostName,
    HostIp,
    ContainerId,
    ContainerName,
    Text(Column),
    Int(Column),
    Flag(Column),
    /// A flag that the contract has as 0 or 1.
    ZeroOrOne(Column),
    /// Seconds since 1970.
    Seconds(Column),
    Pid,
    Started,
    Ctime,
    Mtime,
    FirstSeen,
    Scanned,
}

use Source::{
    ContainerId, ContainerName, Ctime, FirstSeen, Flag, HostIp, HostName, Int, Mtime, Pid, Scanned,
    Seconds, Started, Text, ZeroOrOne,
};

type Columns = &'static [(&'static str, Source)];

const HOST: Columns = &[("host_name", HostName), ("host_ip", HostIp)];
const CONTAINER: Columns = &[("container_id", ContainerId), ("container_name", ContainerName)];

const USERS: Columns = &[
    ("user_name", Text(Column::Name)),
    ("login_permission", Flag(Column::LoginPermission)),
    ("root_permission", Flag(Column::RootPermission)),
    ("user_group_name", Text(Column::GroupName)),
    ("user_home_dir", Text(Column::HomeDir)),
    ("shell", Text(Column::Shell)),
    ("recent_scan_time", Scanned),
    ("first_scan_time", FirstSeen),
];

const AUTO_LAUNCH: Columns = &[
    ("name", Text(Column::Name)),
    ("type", Int(Column::CodeType)),
    ("path", Text(Column::Path)),
    ("hash", Text(Column::Hash)),
    ("run_user", Text(Column::RunUser)),
    ("recent_scan_time", Scanned),
];

const SERVICE: Columns = &[
    ("name", Text(Column::Name)),
    ("version", Text(Column::Version)),
    ("install_path", Text(Column::InstallDir)),
    ("config_path", Text(Column::ConfigPath)),
    ("uid", Int(Column::Uid)),
    ("mode", Text(Column::Mode)),
    ("pid", Pid),
    ("proc_path", Text(Column::ProcPath)),
    ("record_time", Scanned),
];

const WEB_FRAMEWORK: Columns = &[
    ("name", Text(Column::Name)),
    ("file_name", Text(Column::FileName)),
    ("catalogue", Text(Column::Catalogue)),
    ("file_type", Text(Column::FileType)),
    ("version", Text(Column::Version)),
    ("path", Text(Column::Path)),
    ("hash", Text(Column::Hash)),
    ("uid", Int(Column::Uid)),
    ("gid", Int(Column::Gid)),
    ("mode", Text(Column::Mode)),
    ("pid", Pid),
    ("proc_path", Text(Column::ProcPath)),
    ("record_time", Scanned),
];

const EMBEDDED: Columns =
    &[("is_embedded", ZeroOrOne(Column::IsEmbedded)), ("package_path", Text(Column::PackagePath))];

const PORT: Columns = &[
    ("port_status", Text(Column::Status)),
    ("port", Int(Column::Port)),
    ("type", Text(Column::Protocol)),
    ("pid", Pid),
    ("path", Text(Column::Path)),
    ("laddr", Text(Column::BindAddr)),
];

const PROCESS: Columns = &[
    ("process_path", Text(Column::Path)),
    ("launch_params", Text(Column::Args)),
    ("launch_time", Started),
    ("user_name", Text(Column::RunUser)),
    ("run_permission", Text(Column::Mode)),
    ("process_pid", Pid),
    ("hash", Text(Column::Hash)),
];

const WEB_SITE: Columns = &[
    ("domain", Text(Column::Name)),
    ("port", Int(Column::Port)),
    ("url_path", Text(Column::UrlPath)),
    ("path", Text(Column::Path)),
    ("mode", Text(Column::Mode)),
    ("uid", Int(Column::Uid)),
    ("record_time", Scanned),
    ("is_https", Flag(Column::IsHttps)),
    ("pid", Pid),
    ("cert_issuer", Text(Column::CertIssuer)),
    ("cert_user", Text(Column::CertSubject)),
    ("cert_issue_time", Seconds(Column::CertNotBefore)),
    ("cert_expired_time", Seconds(Column::CertNotAfter)),
];

const APP: Columns = &[
    ("app_name", Text(Column::Name)),
    ("version", Text(Column::Version)),
    ("update_time", Mtime),
    ("recent_scan_time", Scanned),
];

const KERNEL_MODULE: Columns = &[
    ("name", Text(Column::Name)),
    ("version", Text(Column::Version)),
    ("srcversion", Text(Column::SrcVersion)),
    ("desc", Text(Column::Description)),
    ("path", Text(Column::Path)),
    ("size", Int(Column::Size)),
    ("mode", Text(Column::Mode)),
    ("uid", Int(Column::Uid)),
    ("ctime", Ctime),
    ("mtime", Mtime),
    ("hash", Text(Column::Hash)),
    ("record_time", Scanned),
];

/// The tables whose keys an export of `kind` takes.
const fn tables(kind: Kind) -> &'static [Columns] {
    match kind {
        Kind::Users => &[HOST, USERS, CONTAINER],
        Kind::AutoLaunch => &[HOST, AUTO_LAUNCH, CONTAINER],
        Kind::Database | Kind::WebCms | Kind::WebService => &[HOST, SERVICE, CONTAINER],
        Kind::JarPackage => &[HOST, WEB_FRAMEWORK, EMBEDDED, CONTAINER],
        Kind::WebFramework => &[HOST, WEB_FRAMEWORK, CONTAINER],
        Kind::Port => &[HOST, PORT, CONTAINER],
        Kind::Process => &[HOST, PROCESS, CONTAINER],
        Kind::WebSite => &[HOST, WEB_SITE, CONTAINER],
        Kind::App => &[HOST, APP, CONTAINER],
        Kind::KernelModule => &[HOST, KERNEL_MODULE],
    }
}

/// The keys an export of `kind` takes, in the order of the contract.
pub fn keys(kind: Kind) -> impl Iterator<Item = &'static str> {
    tables(kind).iter().flat_map(|table| table.iter()).map(|(key, _)| *key)
}

/// The source behind a key.
pub(super) fn source(kind: Kind, key: &str) -> Option<Source> {
    let mut all = tables(kind).iter().flat_map(|table| table.iter());
    all.find(|(known, _)| *known == key).map(|(_, source)| *source)
}

impl Source {
    /// Whether the cells are moments.
    pub(super) const fn is_time(self) -> bool {
        matches!(self, Started | Ctime | Mtime | FirstSeen | Scanned | Seconds(_))
    }

    /// The cell of a row.
    pub(super) fn cell(self, seen: &Seen) -> Cell<'_> {
        let time = |at: Option<Micros>| at.map_or(Cell::Empty, Cell::Time);
        let text = |text| Cell::Text(text);
        match self {
            HostName => text(&seen.host.name),
            HostIp => text(&seen.host.ip),
            ContainerId => seen.container.as_ref().map_or(Cell::Empty, |c| text(&c.id)),
            ContainerName => seen.container.as_ref().map_or(Cell::Empty, |c| text(&c.name)),
            Text(column) => text(seen.fact.text(column)),
            Int(column) => seen.fact.int(column).map_or(Cell::Empty, Cell::Int),
            Flag(column) => Cell::Flag(seen.fact.flag(column)),
            ZeroOrOne(column) => Cell::Int(seen.fact.flag(column).into()),
            Seconds(column) => time(seen.fact.int(column).map(Micros::from_secs)),
            Pid => seen.volatile.pid.map_or(Cell::Empty, |pid| Cell::Int(pid.into())),
            Started => time(seen.volatile.started),
            Ctime => time(seen.volatile.ctime),
            Mtime => time(seen.volatile.mtime),
            FirstSeen => time(Some(seen.first_seen)),
            Scanned => time(Some(seen.scanned_at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_its_host_and_no_key_twice() {
        for kind in Kind::ALL {
            let keys: Vec<_> = keys(kind).collect();
            assert_eq!(keys.first(), Some(&"host_name"), "{kind}");
            assert_eq!(keys.len(), keys.iter().collect::<HashSet<_>>().len(), "{kind}");
            assert!(keys.iter().all(|key| source(kind, key).is_some()));
        }
        assert_eq!(source(Kind::Port, "status"), None);
        assert_eq!(source(Kind::KernelModule, "container_id"), None);
    }

    #[test]
    fn the_keys_are_those_of_the_contract() {
        let contract =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/export_headers.txt"));
        let mut kinds = 0;
        for line in contract.lines() {
            let (kind, expected) = line.split_once(": ").unwrap();
            let kind = Kind::from_name(kind).unwrap();
            let expected: HashSet<_> =
                expected.split(' ').chain(["host_name", "host_ip"]).collect();
            assert_eq!(keys(kind).collect::<HashSet<_>>(), expected, "{kind}");
            kinds += 1;
        }
        assert_eq!(kinds, 12);
    }
}
