//! The change of an account's `authorized_keys`, as a program for the host's shell.

use muster_vault::ssh::PublicKey;

/// What is to change. Keys are recognised by themselves, whatever options and comments stand beside them.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// This key is to let in. A line that has it already stays as it is.
    pub add: Option<PublicKey>,
    /// These keys are not to let in.
    pub remove: Vec<PublicKey>,
    /// With a word here, only lines that have it, too, are taken away: a change that is taken back leaves alone what
    /// stood there before it.
    pub marked: String,
}

/// Runs in a POSIX shell with awk. It is one function, called on its last line: if the connection breaks off
/// half-way, nothing of it is run. The file is replaced by a rename: every reader sees the old or the new one.
/// Mode and owner of the file are kept, and so is every other line.
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
  trap 'rm -f "$new"' EXIT
  trap 'exit 71' HUP INT TERM
  rm -f "$new"
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
    if [ "$(cksum <"$new")" = "$before" ]; then echo "muster: unchanged"; exit 0; fi
  fi
  sync "$new" 2>/dev/null || sync 2>/dev/null || :
  mv -f "$new" "$file" || refuse "$file cannot be replaced"
  if command -v restorecon >/dev/null; then restorecon "$file" 2>/dev/null || :; fi
  echo "muster: changed"
}
muster_change
"#;

impl Edit {
    /// The program for a POSIX shell. What is put into it is base64, names of kinds, and words reduced to harmless
    /// letters: nothing in it can end a quotation.
    pub fn program(&self) -> String {
        let remove: Vec<_> = self.remove.iter().map(PublicKey::base64).collect();
        let (key, line) = match &self.add {
            Some(key) => (key.base64(), key.clone().with_comment(&harmless(key.comment())).line()),
            None => (String::new(), String::new()),
        };
        let (remove, mark) = (remove.join(" "), harmless(&self.marked));
        format!("remove='{remove}'\nkey='{key}'\nline='{line}'\nmark='{mark}'\n{PROGRAM}")
    }
}

fn harmless(comment: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || "._-@:+ ".contains(c) { c } else { '_' };
    comment.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_vault::ssh::{Algorithm, generate};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_comment_ends_its_quotation(comment in "\\PC{0,60}") {
            let key = generate(Algorithm::Ed25519, &comment).unwrap().public;
            let edit = Edit { add: Some(key.clone()), remove: vec![key], marked: comment };
            let program = edit.program();
            let head = program.strip_suffix(PROGRAM).unwrap();
            prop_assert_eq!(head.matches('\'').count(), 8);
            prop_assert!(!head.contains(['\\', '$', '`']));
            prop_assert_eq!(head.lines().count(), 4);
        }
    }
}
