//! Sweeps this machine (or the root and proc directory given as arguments) twice and prints what each
//! kind cost; with a kind as third argument its rows, one JSON document a line.
//!
//! `cargo run --release -p muster-inventory --example sweep -- / /proc users`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use muster_inventory::{Inventory, Options};
use muster_model::Kind;

fn main() -> muster_model::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut options = Options::default();
    if let Some(root) = arguments.next() {
        options.root = root.into();
    }
    if let Some(proc) = arguments.next() {
        options.proc = proc.into();
    }
    let mut inventory = Inventory::new(options)?;
    let shown = arguments.next();
    if let Some(name) = shown {
        let kind = Kind::from_name(&name).ok_or_else(|| muster_model::Error::not_found(name))?;
        for swept in inventory.sweep(&[kind]) {
            if let Some(container) = &swept.container {
                println!("{container:?}");
            }
            for row in swept.rows.iter() {
                println!("{}", serde_json::to_string(row).unwrap_or_default());
            }
            for trouble in swept.diagnostics {
                println!("{trouble:?}");
            }
        }
        return Ok(());
    }
    println!("{:#?}", inventory.profile());
    let kinds = inventory.kinds();
    println!(
        "{:16} {:>7} {:>10} {:>12} {:>9}",
        "kind", "rows", "first ms", "unchanged ms", "troubles"
    );
    // Files that changed within the last second count as changed once more: the third sweep is the
    // first that can find everything unchanged.
    let first = inventory.sweep(&kinds);
    let _ = inventory.sweep(&kinds);
    let second = inventory.sweep(&kinds);
    let mut totals = (0, 0);
    for (before, after) in first.iter().zip(&second) {
        totals = (totals.0 + before.cpu_us, totals.1 + after.cpu_us);
        let (kind, rows, troubles) = (before.kind, before.rows.len(), before.diagnostics.len());
        let (first, unchanged) = (millis(before.cpu_us), millis(after.cpu_us));
        let container = before.container.as_ref().map_or("", |container| container.name.as_str());
        println!("{kind:16} {rows:>7} {first:>10} {unchanged:>12} {troubles:>9}  {container}");
    }
    println!("{:16} {:>7} {:>10} {:>12}", "CPU", "", millis(totals.0), millis(totals.1));
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    Ok(())
}

fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}
