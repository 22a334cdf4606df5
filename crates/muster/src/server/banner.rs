//! What a person sees when the server is ready.

use super::Part;
use crate::config::DATA_DIR;
use crate::files::CredentialsFile;
use crate::messages::{Lang, Message, say};
use std::path::Path;

/// Where it is, where the documentation is, and, where the credentials lie at hand, three commands to try.
pub(crate) fn text(lang: Lang, part: Part, endpoint: &str, dir: &Path, tls: bool) -> String {
    if part == Part::Worker {
        return say(lang, Message::Working, &[endpoint]) + "\n";
    }
    let mut lines = vec![
        say(lang, Message::Ready, &[endpoint]),
        say(lang, Message::Docs, &[&format!("{endpoint}/docs")]),
    ];
    let credentials = CredentialsFile::path(dir);
    if credentials.exists() {
        lines.push(say(lang, Message::CredentialsIn, &[&credentials.display().to_string()]));
    }
    if tls {
        let ca = dir.join("tls/ca.pem");
        lines.push(say(lang, Message::CaIn, &[&ca.display().to_string()]));
    }
    if part == Part::Server {
        return lines.join("\n") + "\n";
    }
    lines.push(say(lang, Message::Try, &[]));
    // As this one was called, so that the lines can be pasted where `muster` is not on the path.
    let program = std::env::args().next().unwrap_or_else(|| "muster".to_owned());
    let folder = match dir == Path::new(DATA_DIR) {
        true => String::new(),
        false => format!(" --data-dir {}", dir.display()),
    };
    for command in ["assets", "assets port", "export app --file app.zip"] {
        lines.push(format!("  {program}{folder} {command}"));
    }
    lines.join("\n") + "\n"
}
