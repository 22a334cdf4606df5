//! Managed certificates and found ones, in one list.

use crate::cli::cert::ListArgs;
use crate::commands::{Context, rows, text};
use crate::output::print_list;
use muster_model::{Clock, Result, SystemClock};
use serde_json::{Value, json};

/// Rows of a page of the contract.
const PAGE: usize = 50;

/// Prints the list, the first to end first.
pub(super) fn list(context: &Context, args: &ListArgs) -> Result<()> {
    let mut all = managed(context, args)?;
    if !args.managed {
        all.extend(found(context, args)?);
    }
    let until = args.expiring.map(|secs| SystemClock.now().plus_secs(secs).iso());
    if let Some(until) = until {
        // Both are ISO texts in UTC: their order is that of time.
        all.retain(|row| !text(row, "ends").is_empty() && text(row, "ends") <= until.as_str());
    }
    all.sort_by(|a, b| {
        let key = |row: &Value| (text(row, "ends").is_empty(), text(row, "ends").to_owned());
        key(a).cmp(&key(b))
    });
    let columns = [
        ("id", "/id"),
        ("status", "/status"),
        ("name", "/name"),
        ("domain", "/domain"),
        ("ends", "/ends"),
        ("hosts", "/hosts"),
        ("issuer", "/issuer"),
    ];
    print_list(context.output, &columns, &all)
}

fn managed(context: &Context, args: &ListArgs) -> Result<Vec<Value>> {
    let (mut all, mut seen) = (Vec::new(), 0);
    loop {
        let mut query = vec![
            ("limit", PAGE.to_string()),
            ("offset", seen.to_string()),
            ("sort_key", "certExpiredTime".to_owned()),
            ("sort_dir", "ASC".to_owned()),
        ];
        if let Some(part) = &args.find {
            query.push(("content", part.clone()));
        }
        let page = rows(&context.client.get("/v3/scm/certificates", &query)?, "certificates");
        if page.is_empty() {
            return Ok(all);
        }
        seen += page.len();
        all.extend(page.iter().map(|row| {
            let names = [text(row, "domain"), text(row, "sans")];
            let names = names.into_iter().filter(|name| !name.is_empty());
            json!({
                "id": text(row, "id"),
                "status": text(row, "status"),
                "name": text(row, "name"),
                "domain": names.collect::<Vec<_>>().join(";"),
                "ends": iso(text(row, "expire_time")),
            })
        }));
    }
}

/// Found on hosts and not managed here.
fn found(context: &Context, args: &ListArgs) -> Result<Vec<Value>> {
    let answer = match context.client.get("/muster/v1/certificates/found", &[]) {
        // Who may not see the hosts' assets sees the managed ones alone.
        Err(error) if error.kind() == muster_model::ErrorKind::Forbidden => return Ok(Vec::new()),
        other => other?,
    };
    let wanted = |row: &Value| {
        let part = args.find.as_deref().unwrap_or_default().to_lowercase();
        row.get("certificate_id").is_none_or(Value::is_null)
            && text(row, "subject").to_lowercase().contains(&part)
    };
    let found = rows(&answer, "certificates").into_iter().filter(wanted).map(|row| {
        json!({
            "id": text(&row, "sha256"),
            "status": "FOUND",
            "name": "",
            "domain": text(&row, "subject"),
            "ends": text(&row, "not_after"),
            "hosts": row.get("hosts").and_then(Value::as_i64).unwrap_or_default(),
            "issuer": text(&row, "issuer"),
        })
    });
    Ok(found.collect())
}

/// `2021-05-27 16:46:25.0` as ISO 8601.
fn iso(time: &str) -> String {
    match time.split_once(' ') {
        Some((date, time)) => format!("{date}T{}.000000Z", time.get(..8).unwrap_or(time)),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_both_sources_compare() {
        let at = muster_model::Micros::from_secs(1_622_133_985);
        assert_eq!(iso("2021-05-27 16:46:25.0"), at.iso());
        assert_eq!(iso(""), "");
    }
}
