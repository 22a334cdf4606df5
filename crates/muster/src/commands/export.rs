//! `muster export`: the vendor's own export, from request to file.

use super::{Context, pause, text};
use crate::cli::export::ExportArgs;
use crate::files::write_bytes;
use crate::messages::Message;
use muster_model::{Error, ErrorKind, Kind, Result};
use serde_json::json;
use std::time::{Duration, Instant};

/// Longest wait for the file.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// The columns of a kind's file, in the vendor's keys.
fn headers(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Users => &[
            "user_name",
            "login_permission",
            "root_permission",
            "user_group_name",
            "user_home_dir",
            "shell",
            "recent_scan_time",
        ],
        Kind::AutoLaunch => &["name", "type", "path", "hash", "run_user", "recent_scan_time"],
        Kind::Database | Kind::WebCms | Kind::WebService => {
            &["name", "version", "install_path", "config_path", "mode", "pid", "proc_path"]
        }
        Kind::JarPackage | Kind::WebFramework => {
            &["name", "file_name", "catalogue", "file_type", "version", "path", "hash", "pid"]
        }
        Kind::Port => &["port_status", "port", "type", "pid", "path", "laddr"],
        Kind::Process => {
            &["process_path", "launch_params", "launch_time", "user_name", "process_pid", "hash"]
        }
        Kind::WebSite => {
            &["domain", "port", "url_path", "path", "is_https", "cert_issuer", "cert_expired_time"]
        }
        Kind::App => &["app_name", "version", "update_time", "recent_scan_time"],
        Kind::KernelModule => &["name", "file_name", "version", "path", "mode", "hash", "desc"],
    }
}

/// Asks for an export, waits, writes the ZIP the server made.
pub(crate) fn run(context: &Context, args: &ExportArgs) -> Result<()> {
    let places = ["host_name", "host_ip"].iter().chain(headers(args.kind));
    let headers: Vec<[&str; 2]> = places.map(|key| [*key, *key]).collect();
    let category = if args.containers { "container" } else { "host" };
    let query = format!("asset_type={}&category={category}", args.kind);
    let path = format!("/v5/{{project}}/asset/export?{query}");
    let body = json!({"export_headers": headers});
    let made = context.client.send_json("POST", &path, Some(&body))?;
    let task = text(&made, "task_id").to_owned();
    let started = Instant::now();
    let mut time = Duration::from_millis(100);
    let file = loop {
        let answer = context.client.get(&format!("/v5/{{project}}/export-task/{task}"), &[])?;
        match text(&answer, "task_status") {
            "success" => break text(&answer, "file_id").to_owned(),
            "failure" | "failed" => {
                return Err(Error::new(
                    ErrorKind::Internal,
                    "the export failed: see the server's log",
                ));
            }
            status if started.elapsed() > PATIENCE => {
                let message = format!("the export is still {status} after half an hour");
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
            status => context.tell(Message::ExportWaiting, &[status]),
        }
        pause(time);
        time = (time * 2).min(Duration::from_secs(5));
    };
    let bytes = context.client.download(&format!("/v5/{{project}}/download/{file}"))?;
    write_bytes(&args.file, &bytes, 0o600)?;
    context.tell(Message::ExportMade, &[&args.file.display().to_string()]);
    Ok(())
}
