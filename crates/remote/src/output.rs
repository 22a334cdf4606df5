//! What the client said, and what that means.

use crate::trouble::Trouble;

/// Bytes read of either stream: what comes behind is not waited for.
pub(crate) const MAX_OUTPUT: u64 = 64 * 1024;
/// Characters of a reason that are handed on.
const MAX_REASON: usize = 300;
/// The client's own exit status, when it is not the remote program's.
const CLIENT_FAILED: i32 = 255;

/// Output of one run.
pub(crate) struct Output {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Whether the program on the host ran to its end and changed something.
    pub(crate) fn changed(&self) -> Result<bool, Trouble> {
        match self.verdict()?.as_str() {
            "changed" => Ok(true),
            "unchanged" => Ok(false),
            _ => Err(Trouble::Refused("the account's shell did not run the change".to_owned())),
        }
    }

    /// The last word of the program on the host, which ran to its end; empty if it said none.
    pub(crate) fn verdict(&self) -> Result<String, Trouble> {
        match self.status {
            Some(0) => {}
            Some(CLIENT_FAILED) => return Err(self.client_trouble()),
            Some(_) => return Err(Trouble::Refused(self.reason())),
            None => return Err(Trouble::Broken("the client was killed".to_owned())),
        }
        // A shell's start-up files may print something of their own.
        let mut verdicts = self.stdout.lines().filter_map(|line| line.strip_prefix("muster: "));
        Ok(verdicts.next_back().unwrap_or_default().to_owned())
    }

    /// What kept the client from running anything.
    pub(crate) fn client_trouble(&self) -> Trouble {
        let has = |words: &[&str]| words.iter().any(|word| self.stderr.contains(word));
        if has(&["Host key verification failed", "host key is known for", "HOST IDENTIFICATION"]) {
            Trouble::HostKey
        } else if has(&["Permission denied", "Too many authentication failures"]) {
            Trouble::Denied
        } else if has(&["closed by remote", "Broken pipe", "not responding", "lost connection"]) {
            Trouble::Broken(self.reason())
        } else {
            Trouble::Unreachable(self.reason())
        }
    }

    /// The last thing said on standard error, without what could steer a terminal.
    fn reason(&self) -> String {
        let said = self.stderr.lines().rev().map(str::trim).filter(|line| !line.is_empty());
        let own = said.clone().find_map(|line| line.strip_prefix("muster: "));
        let line = own.or_else(|| said.clone().next()).unwrap_or("no reason was given");
        line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REASON).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(status: i32, stdout: &str, stderr: &str) -> Output {
        Output { status: Some(status), stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn a_verdict_counts_only_at_the_end_of_a_good_run() {
        assert_eq!(output(0, "Welcome\nmuster: changed\n", "").changed(), Ok(true));
        assert_eq!(output(0, "muster: unchanged\n", "").changed(), Ok(false));
        assert!(matches!(output(0, "Welcome\n", "").changed(), Err(Trouble::Refused(_))));
        let refused = output(70, "", "noise\nmuster: awk is missing\n").changed();
        assert_eq!(refused, Err(Trouble::Refused("awk is missing".into())));
    }

    #[test]
    fn what_the_client_says_is_understood() {
        let trouble = |text: &str| output(255, "", text).client_trouble();
        assert_eq!(trouble("u@h: Permission denied (publickey).\r\n"), Trouble::Denied);
        assert_eq!(trouble("Host key verification failed.\r\n"), Trouble::HostKey);
        let text = "ssh: connect to host 192.0.2.1 port 22: Connection refused\r\n";
        assert!(matches!(trouble(text), Trouble::Unreachable(why) if why.contains("refused")));
        let text = "Connection to 192.0.2.1 closed by remote host.\r\n";
        assert!(trouble(text).may_pass());
    }
}
