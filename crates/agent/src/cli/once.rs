//! `muster-agent once`: one sweep, printed.

use super::{OnceArgs, Output};
use anyhow::Result;
use muster_agent::config::Config;
use muster_agent::schedule::Schedule;
use muster_inventory::{Inventory, Options, Swept};
use muster_model::host::HostProfile;
use muster_model::report::{ContainerRef, Cost, Row};
use muster_model::{Diagnostic, Kind, Micros};
use serde::Serialize;
use std::fmt::Write;

#[derive(Serialize)]
struct Sweep<'a> {
    host: HostProfile,
    cost: Cost,
    kinds: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a ContainerRef>,
    swept_at: Micros,
    cpu_us: u64,
    rows: &'a [Row],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    diagnostics: &'a [Diagnostic],
}

fn print_sweep(host: HostProfile, swept: &[Swept], output: Output) -> Result<()> {
    let cost = muster_agent::cost::Meter::Process;
    let cost = cost.cost(cost.cpu());
    match output {
        Output::Json => {
            let kinds = swept.iter().map(|it| One {
                kind: it.kind,
                container: it.container.as_ref(),
                swept_at: it.swept_at,
                cpu_us: it.cpu_us,
                rows: &it.rows,
                diagnostics: &it.diagnostics,
            });
            let sweep = Sweep { host, cost, kinds: kinds.collect() };
            super::print(&serde_json::to_string_pretty(&sweep)?)?;
            super::print("\n")
        }
        Output::Table => {
            let mut text = format!(
                "{:<14} {:>8} {:>10} {:>9}  {}\n",
                "KIND", "ROWS", "CPU_MS", "TROUBLES", "CONTAINER"
            );
            for it in swept {
                let (kind, rows, troubles) = (it.kind.name(), it.rows.len(), it.diagnostics.len());
                let (ms, us) = (it.cpu_us / 1_000, it.cpu_us % 1_000);
                let container = it.container.as_ref().map_or("", |it| it.name.as_str());
                writeln!(text, "{kind:<14} {rows:>8} {ms:>6}.{us:03} {troubles:>9}  {container}")?;
            }
            super::print(&text)
        }
    }
}

/// Sweeps what the arguments and the configuration say and prints it.
pub(crate) fn print(config: &Config, args: &OnceArgs) -> Result<()> {
    let enabled = Schedule::new(config)?.enabled();
    let asked = |kind: &Kind| args.kinds.is_empty() || args.kinds.contains(kind);
    let kinds: Vec<Kind> = enabled.into_iter().filter(asked).collect();
    let options =
        Options { root: args.root.clone(), proc: args.proc.clone(), ..Options::default() };
    let mut inventory = Inventory::new(options)?;
    let swept = inventory.sweep(&kinds);
    print_sweep(inventory.profile(), &swept, args.output)
}
