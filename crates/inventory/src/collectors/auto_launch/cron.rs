//! Timed tasks: cron in all its places, anacron, and the jobs of at.

use super::{Sink, code, item};
use crate::files::{Entry, is_leftover};
use muster_formats::crontab::{self, AtJob};
use muster_model::Micros;
use rustix::fs::FileType;
use std::path::Path;

/// Folders of crontabs named after their user: Debian, SUSE, Alpine, and Red Hat, whose folder holds
/// those of the others.
const USER_TABLES: &[&str] =
    &["/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/etc/crontabs", "/var/spool/cron"];

/// Folders whose programs run once a period.
const PERIODIC: &[(&str, &str)] = &[
    ("/etc/cron.hourly", "hourly"),
    ("/etc/cron.daily", "daily"),
    ("/etc/cron.weekly", "weekly"),
    ("/etc/cron.monthly", "monthly"),
    ("/etc/cron.yearly", "yearly"),
    ("/etc/periodic/15min", "every 15 minutes"),
    ("/etc/periodic/hourly", "hourly"),
    ("/etc/periodic/daily", "daily"),
    ("/etc/periodic/weekly", "weekly"),
    ("/etc/periodic/monthly", "monthly"),
];

const AT_JOBS: &[&str] = &["/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs"];

pub(super) fn collect(sink: &mut Sink<'_, '_>) {
    table(sink, Path::new("/etc/crontab"), None);
    for entry in sink.files().list("/etc/cron.d") {
        if !is_leftover(&entry.name) {
            table(sink, &entry.path, None);
        }
    }
    user_tables(sink);
    anacron(sink);
    for (folder, period) in PERIODIC {
        for entry in sink.files().list(folder) {
            program(sink, &entry, period);
        }
    }
    at(sink);
}

fn user_tables(sink: &mut Sink<'_, '_>) {
    let mut seen = Vec::new();
    for folder in USER_TABLES {
        // One may be a link to another.
        let Some(stat) = sink.files().stat(folder) else { continue };
        if seen.contains(&(stat.dev, stat.ino)) {
            continue;
        }
        seen.push((stat.dev, stat.ino));
        for entry in sink.files().list(folder) {
            if entry.file_type != FileType::Directory && !is_leftover(&entry.name) {
                table(sink, &entry.path, Some(&entry.text()));
            }
        }
    }
}

/// A crontab, of one user or of the system.
fn table(sink: &mut Sink<'_, '_>, path: &Path, owner: Option<&str>) {
    for entry in crontab::parse(&sink.text(path), owner.is_none()) {
        let user = entry.user.as_deref().or(owner).unwrap_or("root");
        task(sink, path, &entry.schedule, user, &entry.command);
    }
}

fn anacron(sink: &mut Sink<'_, '_>) {
    let path = Path::new("/etc/anacrontab");
    for entry in crontab::parse_anacrontab(&sink.text(path)) {
        let schedule = if entry.schedule.starts_with('@') {
            entry.schedule
        } else {
            format!("every {} days", entry.schedule)
        };
        task(sink, path, &schedule, "root", &entry.command);
    }
}

fn task(sink: &mut Sink<'_, '_>, path: &Path, schedule: &str, user: &str, command: &str) {
    let mut task = item("cron", code::TIMED_TASK, crontab::program(command), path);
    task.run_user = user.to_owned();
    task.args = command.to_owned();
    task.evidence.insert("schedule".to_owned(), schedule.into());
    sink.push(task);
}

/// A program in a periodic folder: whatever can be executed and is not left over.
fn program(sink: &mut Sink<'_, '_>, entry: &Entry, period: &str) {
    let runs = |stat: crate::files::Stat| stat.is_file() && stat.is_executable();
    if is_leftover(&entry.name) || !sink.files().stat(&entry.path).is_some_and(runs) {
        return;
    }
    let mut task = item("cron", code::TIMED_TASK, &entry.text(), &entry.path);
    task.run_user = "root".to_owned();
    task.args = entry.path.to_string_lossy().into_owned();
    task.evidence.insert("schedule".to_owned(), period.into());
    sink.push(task);
}

fn at(sink: &mut Sink<'_, '_>) {
    for folder in AT_JOBS {
        for entry in sink.files().list(folder) {
            // Beside the jobs lie the counter and the spool of their output.
            if entry.file_type == FileType::Directory || is_leftover(&entry.name) {
                continue;
            }
            let Some(job) = crontab::parse_at(&entry.text(), &sink.text(&entry.path)) else {
                continue;
            };
            let AtJob { uid, at_minutes, command } = job;
            let mut task = item("at", code::TIMED_TASK, &entry.text(), &entry.path);
            task.run_user = uid.map(|uid| sink.user(&uid.to_string())).unwrap_or_default();
            task.args = command;
            if let Some(minutes) = at_minutes {
                let at = Micros::from_secs(minutes.saturating_mul(60));
                task.evidence.insert("schedule".to_owned(), at.iso().into());
            }
            sink.push(task);
        }
    }
}
