//! The program that puts an agent on a host.
//!
//! It comes on standard input, then the token on a line of its own, then the agent's own program. What is there stays as it
//! is until the new agent has joined: a connection that breaks off, a disk that is full, a server that says no leave
//! everything as it was.

use muster_model::{Error, Result};

/// Where everything of the agent lies on a host, if nothing else is said.
pub const FOLDER: &str = "/opt/muster-agent";
/// The same below an account's home, without root.
const OWN_FOLDER: &str = "$HOME/.muster-agent";

/// An agent to be installed.
#[derive(Clone, Debug)]
pub struct Install {
    server: String,
    machine: String,
    size: u64,
    sha256: String,
    folder: String,
    unprivileged: bool,
}

/// The agent's program.
#[derive(Clone, Copy, Debug)]
pub struct Binary<'a> {
    /// What it is built for, as `uname -m` says.
    pub machine: &'a str,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256, in lower hexadecimal.
    pub sha256: &'a str,
}

impl Install {
    /// An agent that reports to `server`, in `folder` (none: where it usually lies), as a service of the system or, being
    /// `unprivileged`, as a program of the account.
    ///
    /// # Errors
    /// `Invalid` for an address or a folder that a shell would take for something else.
    pub fn new(
        server: &str,
        binary: Binary<'_>,
        folder: Option<&str>,
        unprivileged: bool,
    ) -> Result<Self> {
        let plain = |text: &str, more: &[u8]| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        if server.is_empty() || !plain(server, b"-._~:/[]%") {
            return Err(Error::invalid("server", "must be an address such as https://host:8317"));
        }
        let sound = |folder: &str| {
            folder.len() <= 200
                && folder.starts_with('/')
                && !folder.trim_matches('/').is_empty()
                && !folder.split('/').any(|part| part == "..")
                && plain(folder, b"-._/")
        };
        if folder.is_some_and(|folder| !sound(folder)) {
            let why = "must be an absolute path of letters, digits, -, . and _";
            return Err(Error::invalid("dir", why));
        }
        if !plain(binary.machine, b"_-") || !plain(binary.sha256, b"") {
            return Err(Error::invalid("binary", "is built for no machine that is known"));
        }
        let usual = if unprivileged { OWN_FOLDER } else { FOLDER };
        Ok(Self {
            server: server.to_owned(),
            machine: binary.machine.to_owned(),
            size: binary.size,
            sha256: binary.sha256.to_owned(),
            folder: folder.unwrap_or(usual).trim_end_matches('/').to_owned(),
            unprivileged,
        })
    }

    /// The program for a POSIX shell. It ends with a call of its one function, so that half of it does nothing.
    pub fn program(&self) -> String {
        let Self { server, machine, size, sha256, folder, unprivileged } = self;
        let unprivileged = if *unprivileged { "yes" } else { "" };
        format!(
            "muster_install() {{
folder=\"{folder}\" server='{server}' machine='{machine}' size='{size}' sha256='{sha256}'
unprivileged='{unprivileged}'
{PROGRAM}
}}
muster_install"
        )
    }

    /// What is told to the account's shell: it reads the program, byte by byte so as to leave what comes behind, and
    /// runs it. The program is kept in a variable for it to hand on to `sudo`.
    pub fn command(&self) -> String {
        let length = self.program().len();
        format!(
            "exec /bin/sh -c 'program=$(dd bs=1 count={length} 2>/dev/null); eval \"$program\"'"
        )
    }
}

/// With `folder`, `server`, `machine`, `size`, `sha256` and `unprivileged` set.
const PROGRAM: &str = r#"refuse() {
  [ -z "$made" ] || rm -rf "$folder/new"
  printf 'muster: %s\n' "$(printf '%s' "$1" | tr '\n' ' ')" >&2
  exit 70
}
made=
umask 022
if [ "$(id -u)" != 0 ] && [ -z "$unprivileged" ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true </dev/null 2>/dev/null; then
    exec sudo -n /bin/sh -c "$program"
  fi
  refuse 'this needs root: log in as root, or as an account that sudo asks no password of (or install for the account alone)'
fi
IFS= read -r token || refuse 'no token came'
[ "$(uname -s)" = Linux ] || refuse "this is no Linux but $(uname -s)"
[ "$(uname -m)" = "$machine" ] || refuse "the program is built for $machine, and this is $(uname -m)"
mkdir -p "$folder" && rm -rf "$folder/new" && mkdir -m 700 "$folder/new" || refuse "nothing can be written to $folder"
made=yes
cat >"$folder/new/muster" || refuse "the program cannot be written to $folder"
[ "$(($(wc -c <"$folder/new/muster")))" = "$size" ] || refuse 'the program did not arrive whole'
if command -v sha256sum >/dev/null 2>&1; then
  [ "$(sha256sum <"$folder/new/muster" | cut -c 1-64)" = "$sha256" ] || refuse 'the program did not arrive as it was sent'
fi
chmod 755 "$folder/new/muster"
said=$("$folder/new/muster" --version 2>&1) || refuse "the program does not run here: $said"
said=$(MUSTER_ENROL_TOKEN=$token "$folder/new/muster" --data-dir "$folder" agent enrol --server "$server" --state-dir "$folder/new/state" 2>&1) ||
  refuse "it could not join $server: $said"
systemd=
[ -n "$unprivileged" ] || [ ! -d /run/systemd/system ] || systemd=yes
[ -z "$systemd" ] || systemctl stop muster-agent.service 2>/dev/null
rm -rf "$folder/state" && mv "$folder/new/state" "$folder/state" && mv -f "$folder/new/muster" "$folder/muster" ||
  refuse "what is in $folder cannot be replaced"
rmdir "$folder/new"
made=
if [ -z "$systemd" ]; then
  printf 'muster: start %s\n' "$folder/muster --data-dir $folder agent run --state-dir $folder/state"
  return
fi
unit=/etc/systemd/system/muster-agent.service
cat >"$unit" <<END || refuse "$unit cannot be written"
[Unit]
Description=Muster agent
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=$folder/muster --data-dir $folder agent run --state-dir $folder/state
Restart=always
RestartSec=10
# It reads what every account has, so it is root; it changes nothing but its own folder.
NoNewPrivileges=yes
ProtectClock=yes
ProtectKernelModules=yes

[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload && systemctl --quiet enable muster-agent.service && systemctl restart muster-agent.service ||
  refuse 'systemd does not start it: journalctl -u muster-agent says why'
echo 'muster: started'"#;

#[cfg(test)]
mod tests {
    use super::*;

    const BINARY: Binary<'_> = Binary { machine: "x86_64", size: 3, sha256: "00" };

    #[test]
    fn what_a_shell_would_take_for_something_else_is_refused() {
        for server in ["", "https://a b", "https://a'b", "https://$(id)", "https://a;b"] {
            assert!(Install::new(server, BINARY, None, false).is_err(), "{server}");
        }
        for folder in ["", "/", "opt", "/a b", "/a/../b", "/a\"b", "/$HOME", "/a\nb"] {
            let made = Install::new("https://a", BINARY, Some(folder), false);
            assert_eq!(made.unwrap_err().parameter(), Some("dir"), "{folder}");
        }
        assert!(Install::new("https://[::1]:8317", BINARY, Some("/srv/agent-1"), true).is_ok());
    }

    #[test]
    fn the_command_has_no_more_than_a_length() {
        let install = Install::new("https://a", BINARY, Some("/srv/x"), false).unwrap();
        let command = install.command();
        assert!(command.contains(&format!("count={} ", install.program().len())), "{command}");
        assert!(!command.contains("/srv/x") && command.len() < 120, "{command}");
    }
}
