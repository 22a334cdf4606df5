//! What hosts of a fleet hold: five images, and on each host 5 to 15 % that differs from its image, four
//! fifths of that in one of eight ways, the rest in a way of its own.

use super::START;
use muster_model::asset::{
    App, AutoLaunch, JarPackage, KernelModule, Port, Process, User, WebSite,
};
use muster_model::report::{Row, Volatile};
use muster_model::{Column, Fact, Kind, Micros};

const DAY: i64 = 86_400_000_000;
const IMAGES: u64 = 5;
const DIFFER_PERCENT: [u64; 5] = [5, 8, 10, 12, 15];

/// A number that looks random but is always the same for the same input.
fn mix(input: [u64; 4]) -> u64 {
    input.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| {
        let mut z = (state ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

fn hex(seed: u64) -> String {
    (0..4).map(|part| format!("{:016x}", mix([seed, part, 1, 2]))).collect()
}

fn fact(kind: Kind, n: u64, version: &str, seed: u64) -> Fact {
    let version = version.to_owned();
    match kind {
        Kind::Users => User {
            name: format!("user{n}"),
            uid: number(n),
            group_name: format!("group{n}"),
            home_dir: format!("/home/user{n}"),
            shell: "/bin/bash".into(),
            reason: version,
            ..User::default()
        }
        .into(),
        Kind::Port => Port {
            port: number(1000 + n),
            protocol: "TCP".into(),
            bind_addr: "0.0.0.0".into(),
            status: "normal".into(),
            path: format!("/usr/sbin/service{n}"),
            reason: version,
            ..Port::default()
        }
        .into(),
        Kind::Process => Process {
            name: format!("service{n}"),
            path: format!("/usr/sbin/service{n}"),
            args: format!("--config /etc/service{n}/{version}.conf --foreground --workers 4"),
            run_user: "root".into(),
            mode: "0755".into(),
            hash: hex(seed),
            owner_purl: format!("pkg:deb/debian/service{n}@{version}?arch=amd64"),
            ..Process::default()
        }
        .into(),
        Kind::AutoLaunch => AutoLaunch {
            name: format!("service{n}.service"),
            path: format!("/usr/lib/systemd/system/service{n}.service"),
            hash: hex(seed),
            run_user: "root".into(),
            args: format!("/usr/sbin/service{n} --{version}"),
            ..AutoLaunch::default()
        }
        .into(),
        Kind::KernelModule => KernelModule {
            name: format!("module{n}"),
            file_name: format!("module{n}.ko"),
            version,
            path: format!("/lib/modules/6.1.0-13-amd64/kernel/drivers/module{n}.ko"),
            size: Some(16_384),
            mode: "0644".into(),
            uid: Some(0),
            hash: hex(seed),
            description: "A driver of something".into(),
            ..KernelModule::default()
        }
        .into(),
        Kind::JarPackage => JarPackage {
            name: format!("lib-{n}"),
            file_name: format!("lib-{n}-{version}.jar"),
            path: format!("/opt/app{}/lib/lib-{n}-{version}.jar", n % 7),
            version: version.clone(),
            file_type: "jar".into(),
            hash: hex(seed),
            size: Some(number(seed >> 44)),
            uid: Some(1000),
            gid: Some(1000),
            mode: "0644".into(),
            proc_path: "/usr/bin/java".into(),
            purl: format!("pkg:maven/org.example/lib-{n}@{version}"),
            ..JarPackage::default()
        }
        .into(),
        Kind::WebSite => WebSite {
            domain: format!("site{n}.example.com"),
            port: 443,
            bind_addr: "0.0.0.0".into(),
            url_path: "/".into(),
            path: format!("/var/www/{version}"),
            served_by: "nginx".into(),
            ..WebSite::default()
        }
        .into(),
        Kind::App => App {
            name: format!("pkg-{n}"),
            purl: format!("pkg:deb/debian/pkg-{n}@{version}?arch=amd64"),
            version,
            arch: "amd64".into(),
            file_type: "dpkg".into(),
            ..App::default()
        }
        .into(),
        Kind::Database | Kind::WebCms | Kind::WebFramework | Kind::WebService => {
            let mut fact = Fact::new(kind);
            fact.set(Column::Name, format!("product{n}"));
            fact.set(Column::FileName, format!("product{n}-{version}.js"));
            fact.set(Column::Version, version);
            fact.set(Column::Path, format!("/srv/product{n}"));
            fact.set(Column::InstallDir, format!("/srv/product{n}"));
            fact.set(Column::Mode, "0755".to_owned());
            fact
        }
    }
}

fn volatile(kind: Kind, host: u64, n: u64) -> Volatile {
    let time =
        |salt| Some(Micros(START.0 - DAY - number::<i64>(mix([host / 8, n, salt, 3]) >> 20)));
    let pid = number(mix([host, n, 0, 4]) % 30_000);
    let none = Volatile::default();
    match kind {
        Kind::Process => Volatile { pid: Some(pid), started: time(1), ..none },
        Kind::Port => Volatile { pid: Some(pid), ..none },
        Kind::App => Volatile { mtime: time(1), ..none },
        Kind::JarPackage => {
            Volatile { pid: Some(pid), ctime: time(1), mtime: time(2), atime: time(3), ..none }
        }
        Kind::KernelModule => Volatile { ctime: time(1), mtime: time(2), ..none },
        _ => none,
    }
}

/// Row `n` of `size` rows that a host has of a kind.
pub(super) fn row(kind: Kind, host: u64, n: u64, size: u64) -> Row {
    let image = host % IMAGES;
    let differ = DIFFER_PERCENT.into_iter().nth(number(image)).expect("an image");
    let at = mix([host, n, u64::from(kind.code()), 7]);
    let version = match (at % 100, (at >> 8) % 10) {
        (percent, _) if percent >= differ => format!("{}.{}", image + 1, n % 13),
        (_, 0..8) => format!("variant-{}", (at >> 16) % 8),
        _ => format!("own-{host}"),
    };
    // Images share most names but not all.
    let name = n + image * (size / 20);
    let seed = version.bytes().fold(name, |seed, byte| mix([seed, u64::from(byte), 5, 6]));
    Row { fact: fact(kind, name, &version, seed), seq: 0, volatile: volatile(kind, host, name) }
}

fn number<T: TryFrom<u64>>(n: u64) -> T {
    T::try_from(n).ok().expect("a number that fits")
}
