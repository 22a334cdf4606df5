//! Ports: this machine's against what ss says, and some opened to be found.
#![expect(
    clippy::disallowed_methods,
    reason = "ss is asked, and processes are started to be found"
)]

use crate::world::{World, column};
use muster_inventory::{Inventory, Options, Swept};
use muster_model::report::Row;
use muster_model::{Column, Kind};
use rustix::io::FdFlags;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};

fn sweep() -> Swept {
    Inventory::new(Options::default()).unwrap().sweep(&[Kind::Port]).remove(0)
}

fn at(swept: &Swept, port: u16) -> Vec<&Row> {
    swept.rows.iter().filter(|row| row.fact.int(Column::Port) == Some(port.into())).collect()
}

fn key(row: &Row) -> String {
    let [protocol, address] =
        [Column::Protocol, Column::BindAddr].map(|column| row.fact.text(column));
    format!("{protocol} {address} {}", row.fact.int(Column::Port).unwrap())
}

/// What ss lists: protocol, address and port, with the pids that hold it.
fn ss() -> Option<BTreeMap<String, Vec<u32>>> {
    let Ok(output) = Command::new("ss").args(["-H", "-l", "-t", "-u", "-n", "-p"]).output() else {
        assert!(std::env::var_os("CI").is_none(), "ss is missing");
        return None;
    };
    let mut ports = BTreeMap::<String, Vec<u32>>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (address, port) = fields[4].rsplit_once(':').unwrap();
        let six = if address.contains(':') || address == "*" { "6" } else { "" };
        let address = address.replace(['[', ']'], "");
        let key = format!("{}{six} {address} {port}", fields[0].to_uppercase());
        let pids = line.split("pid=").skip(1);
        let pids = pids.map(|rest| rest[..rest.find(',').unwrap()].parse::<u32>().unwrap());
        ports.entry(key).or_default().extend(pids);
    }
    Some(ports)
}

#[test]
fn this_machine_s_ports_equal_what_ss_says() {
    let _tcp = ["127.0.0.1:0", "[::1]:0"].map(|address| TcpListener::bind(address).unwrap());
    let _udp = [UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("[::1]:0").unwrap()];
    let Some(before) = ss() else { return };
    let swept = sweep();
    let after = ss().unwrap();
    let found: BTreeMap<String, &Row> = swept
        .rows
        .iter()
        .filter(|row| !row.fact.evidence().contains_key("netns"))
        .map(|row| (key(row), row))
        .collect();
    assert!(found.len() >= 4);
    for (key, pids) in before.iter().filter(|(key, _)| after.contains_key(*key)) {
        let row = found.get(key).unwrap_or_else(|| panic!("{key} is missing"));
        match row.volatile.pid {
            Some(pid) => assert!(pids.contains(&pid) || after[key].contains(&pid), "{key}: {pid}"),
            None => assert!(pids.is_empty(), "{key} is held by {pids:?}"),
        }
    }
    let known = |key: &&String| before.contains_key(*key) || after.contains_key(*key);
    // One that was opened and closed between the two looks of ss is in neither.
    let gone = found.keys().filter(|key| !known(key)).count();
    assert!(gone <= 2, "{gone} ports that ss does not know");
}

#[test]
fn a_shared_port_is_one_row_of_its_first_holder() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    rustix::io::fcntl_setfd(&listener, FdFlags::empty()).unwrap();
    let mut worker = Command::new("/bin/sleep").arg("60").spawn().unwrap();
    rustix::io::fcntl_setfd(&listener, FdFlags::CLOEXEC).unwrap();
    let swept = sweep();
    let rows = at(&swept, port);
    worker.kill().unwrap();
    worker.wait().unwrap();
    assert_eq!(rows.len(), 1);
    let fact = &rows[0].fact;
    assert_eq!(rows[0].volatile.pid, Some(std::process::id()), "the parent, not its worker");
    assert_eq!(fact.text(Column::Path), std::env::current_exe().unwrap().to_str().unwrap());
    assert_eq!(fact.text(Column::Status), "normal");
    assert_eq!(fact.text(Column::Reason), "can be reached from this machine only");
}

#[test]
fn what_is_remembered_of_holders_follows_them() {
    let mut inventory = Inventory::new(Options::default()).unwrap();
    let mut sweep = || inventory.sweep(&[Kind::Port]).remove(0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    rustix::io::fcntl_setfd(&listener, FdFlags::empty()).unwrap();
    let mut worker = Command::new("/bin/sleep").arg("60").spawn().unwrap();
    rustix::io::fcntl_setfd(&listener, FdFlags::CLOEXEC).unwrap();
    for _ in 0..2 {
        assert_eq!(at(&sweep(), port)[0].volatile.pid, Some(std::process::id()));
    }
    drop(listener);
    assert_eq!(at(&sweep(), port)[0].volatile.pid, Some(worker.id()), "the worker still holds it");
    worker.kill().unwrap();
    worker.wait().unwrap();
    assert_eq!(at(&sweep(), port).len(), 0);
}

#[test]
fn ports_of_another_network_namespace_are_found() {
    let exe = std::env::current_exe().unwrap();
    let child = Command::new("unshare")
        .arg("--net")
        .arg(exe)
        .args(["--exact", "port::listens_until_its_input_ends", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.rsplit_once("listening on ").map(|(_, port)| port.parse().unwrap()));
    let Some(port) = said else {
        child.wait().unwrap();
        assert!(std::env::var_os("CI").is_none(), "no right to make a network namespace");
        return;
    };
    let swept = sweep();
    drop(child.stdin.take());
    child.wait().unwrap();
    let rows = at(&swept, port);
    let row = rows.iter().find(|row| row.fact.evidence().contains_key("netns")).unwrap();
    assert_eq!(row.volatile.pid, Some(child.id()));
    assert_eq!(row.fact.text(Column::BindAddr), "0.0.0.0");
    assert_eq!(row.fact.text(Column::Status), "unknown");
}

#[test]
#[ignore = "is started by another test"]
fn listens_until_its_input_ends() {
    // In the namespace of its own nothing is connected to anything.
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    println!("listening on {}", listener.local_addr().unwrap().port());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

#[test]
fn a_proc_directory_without_a_kernel_is_read_from_its_files() {
    let world = World::new();
    let head = "  sl  local_address rem_address   st tx rx tr when retrnsmt   uid  timeout inode\n";
    world.proc(
        "net/tcp",
        format!(
            "{head}   0: 00000000:0017 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1\n   1: 0100007F:0050 0100007F:0051 01 00000000:00000000 00:00000000 00000000     0        0 4243 1\n"
        ),
    );
    world.proc(
        "net/udp6",
        format!(
            "{head} 9: 00000000000000000000000000000000:0045 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   102        0 0 2 0\n"
        ),
    );
    let swept = world.sweep(Kind::Port);
    let mut keys: Vec<_> = swept.rows.iter().map(key).collect();
    keys.sort();
    assert_eq!(keys, ["TCP 0.0.0.0 23", "UDP6 * 69"]);
    assert_eq!(column(&swept, Column::Status), ["danger", "danger"]);
    let codes: Vec<_> = swept.diagnostics.iter().map(|trouble| trouble.code.as_str()).collect();
    assert_eq!(codes, ["port.no_process"]);
}
