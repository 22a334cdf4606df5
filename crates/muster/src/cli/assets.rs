//! `muster assets`

use super::asking::Asking;
use clap::Args;
use muster_model::Kind;

#[derive(Args)]
pub(crate) struct AssetsArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    /// The kind to list; none for the totals of all.
    #[arg(value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// As of this moment: 2026-11-21T12:00:00Z, or milliseconds since 1970.
    #[arg(long, value_name = "MOMENT", requires = "kind")]
    pub(crate) at: Option<String>,
    /// What changed after this cursor; 0 for everything there is.
    #[arg(long, value_name = "CURSOR", conflicts_with_all = ["at", "where_is"])]
    pub(crate) changes_since: Option<i64>,
    /// Where something of exactly this name is: of KIND, or of any kind.
    #[arg(long, value_name = "NAME", conflicts_with = "at")]
    pub(crate) where_is: Option<String>,
    /// Only names that hold this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only of the host with this id.
    #[arg(long, value_name = "ID")]
    pub(crate) host: Option<String>,
    /// What is in containers instead of on hosts.
    #[arg(long)]
    pub(crate) containers: bool,
    /// Rows at most, 1 to 1000.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: u32,
    /// Rows to skip.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u32,
}

impl AssetsArgs {
    /// The API's word.
    pub(crate) const fn category(&self) -> &'static str {
        if self.containers { "container" } else { "host" }
    }
}

/// A kind by its name.
pub(super) fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of {}", names.join(", "))
    })
}
