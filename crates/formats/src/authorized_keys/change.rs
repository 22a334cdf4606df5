//! A change of an account's `authorized_keys`, as a program for a shell that runs as that account.

/// Longest line of a key, in bytes.
const MAX_LINE: usize = 17 * 1024;
/// Keys taken away at a time.
const MAX_REMOVED: usize = 16;

/// Runs in a POSIX shell with awk. It is one function, called on its last line: if the connection breaks off
/// half-way, nothing of it is run. The file is replaced by a rename: every reader sees the old or the new one.
/// Mode and owner of the file are kept, and so is every other line.
///
/// What was there before lies beside it until what is there now was looked at. It is put back where that fails; after a
/// kill by the next change, unless somebody has changed the file since: the name says which content it is to replace.
const PROGRAM: &str = r#"
muster_change() {
  set -eu
  umask 077
  folder=$HOME/.ssh
  file=$folder/authorized_keys
  new=$folder/.authorized_keys.muster
  refuse() { echo "muster: $*" >&2; exit 70; }
  [ -d "$HOME" ] || refuse "the account has no home folder"
  command -v awk >/dev/null || refuse "awk is missing"
  if [ -L "$folder" ] || [ -L "$file" ]; then refuse "$file is reached over a symbolic link"; fi
  [ -d "$folder" ] || mkdir "$folder" || refuse "$folder cannot be made"
  sum() { cksum <"$1" | tr ' ' '-'; }
  # Puts back what lies in $1, if the file is still the one it was to be replaced by.
  put_back() {
    case $1 in *-"$(sum "$file" 2>/dev/null)") ;; *) rm -f "$1"; return 0 ;; esac
    case $1 in
      "$none"*) rm -f "$file" "$1" ;;
      *) mv -f "$1" "$file" ;;
    esac
  }
  kept=$folder/.authorized_keys.muster-kept- none=$folder/.authorized_keys.muster-none- back=
  trap 'rm -f "$new"; [ -z "$back" ] || put_back "$back"' EXIT
  trap 'exit 71' HUP INT TERM
  rm -f "$new"
  for left in "$kept"* "$none"*; do
    [ ! -f "$left" ] || put_back "$left"
  done
  # Who else could write the file could let himself in, so that a server with strict modes does not count it.
  check() {
    { [ -n "$key" ] && [ -n "$strict" ]; } || return 0
    for path in "$HOME" "$folder" "$file"; do
      ls -ldnL "$path" | awk -v own="$(id -u)" '
        { exit !(($3 == 0 || $3 == own) && substr($1, 6, 1) != "w" && substr($1, 9, 1) != "w") }' ||
        refuse "$path may be written by others, so the SSH server does not count the keys in it"
    done
  }
  before=none
  if [ -e "$file" ]; then
    [ -f "$file" ] || refuse "$file is no file"
    cp -p "$file" "$new" || refuse "$folder cannot be written"
    before=$(cksum <"$file")
  else
    : >"$new" || refuse "$folder cannot be written"
  fi
  { [ "$before" = none ] || cat "$file"; } | awk -v remove="$remove" -v key="$key" -v line="$line" -v mark="$mark" '
    BEGIN { n = split(remove, list, " "); for (i = 1; i <= n; i++) gone[list[i]] = 1 }
    {
      text = $0
      sub(/\r$/, "", text)
      unwanted = 0
      marked = (mark == "")
      if (text !~ /^[ \t]*#/) {
        n = split(text, word, /[ \t]+/)
        for (i = 1; i <= n; i++) {
          if (word[i] in gone) unwanted = 1
          if (word[i] == mark) marked = 1
          if (word[i] == key) found = 1
        }
      }
      if (!(unwanted && marked)) print
    }
    END { if (key != "" && !found) print line }' >"$new"
  if [ "$before" = none ]; then
    if [ ! -s "$new" ]; then echo "muster: unchanged"; exit 0; fi
    [ ! -e "$file" ] || refuse "$file was changed by somebody else meanwhile"
  else
    [ "$(cksum <"$file")" = "$before" ] || refuse "$file was changed by somebody else meanwhile"
    if [ "$(cksum <"$new")" = "$before" ]; then check; echo "muster: unchanged"; exit 0; fi
  fi
  written=$(sum "$new")
  if [ "$before" = none ]; then
    : >"$none$written" || refuse "$folder cannot be written"
    back=$none$written
  else
    cp -p "$file" "$kept$written" || refuse "$folder cannot be written"
    back=$kept$written
  fi
  sync "$new" "$back" 2>/dev/null || sync 2>/dev/null || :
  mv -f "$new" "$file" || refuse "$file cannot be replaced"
  if command -v restorecon >/dev/null; then restorecon "$file" 2>/dev/null || :; fi
  [ "$(sum "$file")" = "$written" ] || refuse "$file does not hold what was written to it"
  check
  rm -f "$back"
  back=
  echo "muster: changed"
}
muster_change
"#;

/// A change whose every word is harmless in a quotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    remove: String,
    key: String,
    line: String,
    mark: String,
    strict: bool,
}

impl Change {
    /// Lets in by `add` (a line of `authorized_keys`, or empty) and not by `remove` (a line each), whatever options
    /// and comments stand beside the keys. With a `mark`, only lines that have this word, too, are taken away. Letters of
    /// comment and mark that are not harmless are replaced.
    ///
    /// None for what is no key: kind and base64, at most 17 KiB; or for more than 16 keys to be taken away.
    pub fn new<'a>(
        add: &str,
        remove: impl IntoIterator<Item = &'a str>,
        mark: &str,
    ) -> Option<Self> {
        let remove: Vec<&str> =
            remove.into_iter().map(|line| Some(key(line)?.1)).collect::<Option<_>>()?;
        if remove.len() > MAX_REMOVED {
            return None;
        }
        let (line, key) = match add {
            "" => (String::new(), ""),
            _ => {
                let (kind, key, comment) = key(add)?;
                (format!("{kind} {key} {}", harmless(comment)), key)
            }
        };
        let (remove, mark) = (remove.join(" "), harmless(mark));
        Some(Self {
            remove,
            key: key.to_owned(),
            line: line.trim_end().to_owned(),
            mark,
            strict: false,
        })
    }

    /// The same, undone where somebody else could write the file that lets in, or a folder it lies in: for who cannot see
    /// whether the server counts it.
    #[must_use]
    pub fn strictly(self) -> Self {
        Self { strict: true, ..self }
    }

    /// The program, for the standard input of a POSIX shell. It says `muster: changed` or `muster: unchanged`, or fails
    /// with a reason behind `muster: ` on its standard error.
    pub fn program(&self) -> String {
        let Self { remove, key, line, mark, strict } = self;
        let strict = if *strict { "yes" } else { "" };
        format!(
            "remove='{remove}'\nkey='{key}'\nline='{line}'\nmark='{mark}'\nstrict='{strict}'\n{PROGRAM}"
        )
    }
}

/// Kind, base64 and comment of a line without options.
fn key(line: &str) -> Option<(&str, &str, &str)> {
    if line.len() > MAX_LINE {
        return None;
    }
    let mut words = line.splitn(3, ' ');
    let (kind, key) = (words.next()?, words.next()?);
    let of_kind = |byte: u8| byte.is_ascii_alphanumeric() || b"-@.".contains(&byte);
    let of_key = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let sound = !kind.is_empty() && kind.bytes().all(of_kind) && key.len() >= 16;
    (sound && key.bytes().all(of_key)).then(|| (kind, key, words.next().unwrap_or_default()))
}

fn harmless(text: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || "._-@:+ ".contains(c) { c } else { '_' };
    text.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM";

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(Change::new(KEY, [KEY], "").is_some());
        assert!(Change::new("", [], "").is_some());
        for line in [
            "x",
            "ssh-rsa",
            "ssh-rsa AAA",
            "ssh-rsa 'AAAAAAAAAAAAAAAAAAA",
            "a\nb AAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(Change::new(line, [], ""), None, "{line}");
            assert_eq!(Change::new("", [line], ""), None, "{line}");
        }
        assert_eq!(Change::new("", [KEY; MAX_REMOVED + 1], ""), None);
    }

    proptest! {
        #[test]
        fn no_word_ends_its_quotation(comment in "\\PC{0,60}", mark in "\\PC{0,20}") {
            let line = format!("{KEY} {comment}");
            let program = Change::new(&line, [line.as_str()], &mark).unwrap().program();
            let head = program.strip_suffix(PROGRAM).unwrap();
            prop_assert_eq!(head.matches('\'').count(), 10);
            prop_assert!(!head.contains(['\\', '$', '`']));
            prop_assert_eq!(head.lines().count(), 5);
        }
    }
}
