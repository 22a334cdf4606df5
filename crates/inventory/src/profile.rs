//! What a host says of itself, from files and the proc directory alone.

mod addresses;
mod cluster;

use crate::files::Files;
use crate::proc::Proc;
use muster_formats::os_release;
use muster_formats::sshd::Config;
use muster_model::host::HostProfile;

const MAX_BYTES: u64 = 64 * 1024;
const MAX_CONFIG: u64 = 1024 * 1024;
/// Host keys of a server; a file may name more.
const MAX_HOST_KEYS: usize = 16;
/// Longest line of a host key, in bytes: RSA of 4096 bits takes 720.
const MAX_HOST_KEY: usize = 1_024;

pub(crate) fn read(files: &Files, proc: &Proc) -> HostProfile {
    let release = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|path| files.text(path, MAX_BYTES))
        .map(|text| os_release::parse(&text))
        .unwrap_or_default();
    let line = |path: &str| {
        proc.text(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let own_name = || files.text("/etc/hostname", MAX_BYTES).map(|text| text.trim().to_owned());
    HostProfile {
        name: line("sys/kernel/hostname").or_else(own_name).unwrap_or_default(),
        machine_id: machine_id(files),
        boot_id: line("sys/kernel/random/boot_id").unwrap_or_default(),
        os_name: release.pretty_name,
        os_id: release.id,
        os_version: release.version_id,
        kernel: line("sys/kernel/osrelease").unwrap_or_default(),
        arch: arch(files, proc).unwrap_or_default(),
        addresses: addresses::read(proc),
        cpus: cpus(proc),
        memory_bytes: memory(proc),
        ssh_host_keys: ssh_host_keys(files),
        // The agent's word, not the host's.
        allows_binding: false,
        allows_blocking: false,
        scans_images: 0,
        cluster: cluster::read(files),
    }
}

/// The public halves of the keys OpenSSH's server proves itself by.
fn ssh_host_keys(files: &Files) -> Vec<String> {
    let text = files.text("/etc/ssh/sshd_config", MAX_CONFIG).unwrap_or_default();
    let config = Config::read(&text, &mut &*files);
    let paths = config.host_keys().into_iter().take(MAX_HOST_KEYS);
    let lines = paths.filter_map(|path| files.text(format!("{path}.pub"), MAX_BYTES));
    lines.filter_map(|text| host_key(&text)).collect()
}

/// Kind and key; the comment behind them names whoever made it.
fn host_key(text: &str) -> Option<String> {
    let mut words = text.split_ascii_whitespace();
    let line = format!("{} {}", words.next()?, words.next()?);
    (line.len() <= MAX_HOST_KEY).then_some(line)
}

fn machine_id(files: &Files) -> String {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .iter()
        .filter_map(|path| files.text(path, MAX_BYTES))
        .map(|text| text.trim().to_owned())
        // Images carry the word `uninitialized` until their first boot.
        .find(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .unwrap_or_default()
}

/// Of the running machine as its kernel says; of an image, what its programs are built for.
fn arch(files: &Files, proc: &Proc) -> Option<String> {
    if proc.is_own() {
        return Some(rustix::system::uname().machine().to_string_lossy().into_owned());
    }
    if let Ok(arch) = proc.text("sys/kernel/arch") {
        return Some(arch.trim().to_owned());
    }
    let mut header = [0; 20];
    let mut file = files.open("/bin/sh", u64::MAX)?;
    std::io::Read::read_exact(&mut file, &mut header).ok()?;
    muster_formats::elf::machine(&header).map(str::to_owned)
}

fn cpus(proc: &Proc) -> u32 {
    let text = proc.text("cpuinfo").unwrap_or_default();
    let count = text.lines().filter(|line| line.starts_with("processor")).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn memory(proc: &Proc) -> u64 {
    let text = proc.text("meminfo").unwrap_or_default();
    let kilobytes = text.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    kilobytes.unwrap_or(0).saturating_mul(1024)
}
