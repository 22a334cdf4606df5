//! Timed tasks: crontab(5) in its two forms, anacrontab(5), and the job files of at(1).

/// Most entries kept of one file.
const MAX_ENTRIES: usize = 10_000;

/// One timed task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When: the five fields, an `@word`, or anacron's period in days.
    pub schedule: String,
    /// The user, where the file names one.
    pub user: Option<String>,
    /// The command as a shell gets it.
    pub command: String,
}

/// Reads a crontab; the system's own name a user in each line, those of users do not.
pub fn parse(text: &str, names_user: bool) -> Vec<Entry> {
    text.lines().filter_map(|line| entry(line, names_user)).take(MAX_ENTRIES).collect()
}

fn entry(line: &str, names_user: bool) -> Option<Entry> {
    // SUSE lets a `-` before the line keep it from being logged.
    let line = line.trim().trim_start_matches('-');
    if line.is_empty() || line.starts_with('#') || is_assignment(line) {
        return None;
    }
    let (schedule, mut rest) = fields(line, if line.starts_with('@') { 1 } else { 5 })?;
    let mut user = None;
    if names_user {
        let (name, command) = fields(rest, 1)?;
        user = Some(name);
        rest = command;
    }
    let command = before_input(rest);
    (!command.is_empty()).then_some(Entry { schedule, user, command })
}

/// The first `count` words joined by blanks, and what follows them.
fn fields(line: &str, count: usize) -> Option<(String, &str)> {
    let mut words = Vec::with_capacity(count);
    let mut rest = line.trim_start();
    for _ in 0..count {
        let end = rest.find(char::is_whitespace)?;
        let (word, tail) = rest.split_at(end);
        words.push(word);
        rest = tail.trim_start();
    }
    Some((words.join(" "), rest))
}

/// `NAME = value`, the name quoted or not.
fn is_assignment(line: &str) -> bool {
    let Some((name, _)) = line.split_once('=') else { return false };
    let name = name.trim_end().trim_matches(['"', '\'']);
    !name.is_empty()
        && !name.starts_with(|char: char| char.is_ascii_digit())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// An unescaped `%` ends the command and begins what it reads.
fn before_input(command: &str) -> String {
    let mut out = String::with_capacity(command.len());
    let mut chars = command.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' if chars.peek() == Some(&'%') => out.extend(chars.next()),
            '%' => break,
            other => out.push(other),
        }
    }
    out.trim_end().to_owned()
}

/// Reads an anacrontab: period, delay, job, command.
pub fn parse_anacrontab(text: &str) -> Vec<Entry> {
    let entry = |line: &str| {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || is_assignment(line) {
            return None;
        }
        let (period, rest) = fields(line, 1)?;
        let (_, command) = fields(rest, 2)?;
        let command = command.to_owned();
        (!command.is_empty()).then_some(Entry { schedule: period, user: None, command })
    };
    text.lines().filter_map(entry).take(MAX_ENTRIES).collect()
}

/// A job of at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtJob {
    /// Number of the user it runs as.
    pub uid: Option<u32>,
    /// When it runs, minutes since 1970, from the file's name.
    pub at_minutes: Option<i64>,
    /// What it runs, the environment it was given left out.
    pub command: String,
}

/// Reads a job file. Its name is a letter for the queue, five hexadecimal digits for the job and eight
/// for the time. Its text sets the environment, changes the directory in a block that ends with `}`,
/// and then has what was typed.
pub fn parse_at(name: &str, text: &str) -> Option<AtJob> {
    if !text.starts_with("#!") {
        return None;
    }
    let minutes = name.get(6..14).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    let uid = text.lines().take(5).find_map(|line| {
        let rest = line.strip_prefix("# atrun uid=")?;
        rest.split(' ').next()?.parse().ok()
    });
    let typed = text.lines().skip_while(|line| line.trim_end() != "}").skip(1);
    let lines: Vec<&str> = typed
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains("marcinDELIMITER"))
        .collect();
    Some(AtJob { uid, at_minutes: minutes, command: lines.join("; ") })
}

/// What people call a shell command: the program of its last step, without what is set before it.
pub fn program(command: &str) -> &str {
    let last = command.rsplit(['&', '|', ';', '(', '{']).find(|part| {
        part.contains(|char: char| char.is_alphanumeric())
            && !part.trim_start().starts_with(['>', '1', '2'])
    });
    let word = last.unwrap_or(command).split_whitespace().find(|word| {
        !is_assignment(word) && !matches!(*word, "exec" | "nice" | "sudo" | "nohup" | "command")
    });
    let word = word.unwrap_or(command).trim_matches(['"', '\'', ')', '}', '`']);
    word.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_of_both_forms_are_read() {
        let text = "# c\nSHELL=/bin/sh\n\"PATH\" = /bin\n17 *\t* * *  root  cd / && run-parts /x\n\
            @reboot www /bin/a\n-*/5 * * * * bin a=1 /bin/b 100\\% %input\nbroken line\n* * * * *\n";
        let entries = parse(text, true);
        let seen: Vec<(&str, Option<&str>, &str)> = entries
            .iter()
            .map(|entry| (entry.schedule.as_str(), entry.user.as_deref(), entry.command.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("17 * * * *", Some("root"), "cd / && run-parts /x"),
                ("@reboot", Some("www"), "/bin/a"),
                ("*/5 * * * *", Some("bin"), "a=1 /bin/b 100%"),
            ]
        );
        let own = &parse("0 0 * * 0 echo hello", false)[0];
        assert_eq!((own.user.as_deref(), own.command.as_str()), (None, "echo hello"));
    }

    #[test]
    fn anacron_names_its_jobs() {
        let entries = parse_anacrontab(
            "LOGNAME=root\n1\t5\tcron.daily\trun-parts /etc/cron.daily\n@monthly 45 m /bin/m",
        );
        assert_eq!(entries[0].schedule, "1");
        assert_eq!(entries[0].command, "run-parts /etc/cron.daily");
        assert_eq!(entries[1].schedule, "@monthly");
    }

    #[test]
    fn an_at_job_loses_its_environment() {
        let text = "#!/bin/sh\n# atrun uid=1000 gid=1000\n# mail ann 0\numask 22\n\
            SECRET=x; export SECRET\ncd /home/ann || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\n\
            ${SHELL:-/bin/sh} << 'marcinDELIMITER12'\n/bin/true --now\n\nmarcinDELIMITER12\n";
        let job = parse_at("a0000101c9f5d0", text).unwrap();
        assert_eq!((job.uid, job.at_minutes), (Some(1000), Some(0x01c9_f5d0)));
        assert_eq!(job.command, "/bin/true --now");
        assert_eq!(parse_at(".SEQ", "5"), None);
    }

    #[test]
    fn a_command_is_called_by_the_program_of_its_last_step() {
        for (command, name) in [
            ("cd / && run-parts --report /etc/cron.hourly", "run-parts"),
            ("test -x /usr/sbin/anacron || ( cd / && run-parts --report /x )", "run-parts"),
            (
                "test -e /run/systemd/system || SERVICE_MODE=1 /usr/lib/e2/e2scrub_all -A -r",
                "e2scrub_all",
            ),
            ("/opt/a b >/dev/null 2>&1", "a"),
            ("nice /bin/x", "x"),
            ("[ -d /x ]", "["),
            ("", ""),
        ] {
            assert_eq!(program(command), name, "{command}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "[a-z0-9*@%=/;&|(){} \\\\\"#!\\n-]{0,200}") {
            for entry in parse(&text, true) {
                prop_assert!(!entry.command.is_empty());
            }
            let _ = (parse(&text, false), parse_anacrontab(&text), program(&text));
            let _ = parse_at(&text, &text);
        }
    }
}
