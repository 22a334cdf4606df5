//! Checks of the tree itself, for `make lint`.

mod lint;

fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("lint") => lint::run(),
        _ => anyhow::bail!("usage: cargo xtask lint"),
    }
}
