//! The command line of the `java` launcher.
//!
//! Source of the rules: the launcher's manual page, "java Command-Line Argument Files" among them.

/// Largest argument file read, bytes.
pub(crate) const MAX_ARGFILE: u64 = 1 << 20;
/// Most arguments taken from files.
const MAX_ARGUMENTS: usize = 10_000;

/// Options that take the next argument as their value.
const WITH_VALUE: &[&str] = &[
    "--add-exports",
    "--add-modules",
    "--add-opens",
    "--add-reads",
    "--describe-module",
    "--enable-native-access",
    "--limit-modules",
    "--patch-module",
    "--source",
    "-d",
];

/// What matters of a command line. Paths are as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// Class and module path; an element may end in `/*`.
    pub(crate) class_path: Vec<String>,
    /// The archive that is run.
    pub(crate) jar: Option<String>,
    /// The class that is run: by its name, or in a module.
    pub(crate) main: Option<String>,
    /// Java agents and additions to the boot class path.
    pub(crate) agents: Vec<String>,
    properties: Vec<(String, String)>,
}

impl CommandLine {
    /// A system property (`-Dname=value`, wherever it stands); an empty one is none.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        let (_, value) = self.properties.iter().rfind(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// Reads arguments. `expand` gives the content of an argument file.
    pub(crate) fn read(
        &mut self,
        arguments: &[String],
        expand: &dyn Fn(&str) -> Option<Vec<String>>,
    ) {
        let mut expanded = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument.strip_prefix('@') {
                Some(file) if !file.starts_with('@') => {
                    expanded.extend(expand(file).unwrap_or_default());
                }
                _ => expanded.push(argument.clone()),
            }
            if expanded.len() > MAX_ARGUMENTS {
                break;
            }
        }
        let mut main_found = self.jar.is_some();
        let mut rest = expanded.into_iter();
        while let Some(argument) = rest.next() {
            // Application servers take properties after their main class as well.
            if let Some((name, value)) = argument.strip_prefix("-D").and_then(|d| d.split_once('='))
            {
                self.properties.push((name.to_owned(), value.to_owned()));
            } else if let Some((name @ ("jetty.home" | "jetty.base"), value)) =
                argument.split_once('=')
            {
                self.properties.push((name.to_owned(), value.to_owned()));
            } else if main_found {
                continue;
            } else if !argument.starts_with('-') {
                main_found = true;
                self.main = Some(argument);
            } else {
                main_found = self.option(&argument, &mut rest);
            }
        }
    }

    /// Takes one option of the launcher; true if it names what is run.
    fn option(&mut self, option: &str, rest: &mut impl Iterator<Item = String>) -> bool {
        match option {
            "-cp" | "-classpath" | "--class-path" => {
                self.class_path = split_path(&rest.next().unwrap_or_default());
            }
            "-p" | "--module-path" | "--upgrade-module-path" => {
                self.modules(&rest.next().unwrap_or_default());
            }
            "-jar" => {
                self.jar = rest.next();
                return true;
            }
            "-m" | "--module" => {
                let class = |module: String| match module.split_once('/') {
                    Some((_, class)) => class.to_owned(),
                    None => module,
                };
                self.main = rest.next().map(class);
                return true;
            }
            _ if WITH_VALUE.contains(&option) => {
                rest.next();
            }
            _ => {
                if let Some(path) = option.strip_prefix("--class-path=") {
                    self.class_path = split_path(path);
                } else if let Some(path) = option.strip_prefix("--module-path=") {
                    self.modules(path);
                } else if let Some(agent) = option.strip_prefix("-javaagent:") {
                    self.agents.push(agent.split('=').next().unwrap_or(agent).to_owned());
                } else if let Some(path) = option
                    .strip_prefix("-Xbootclasspath/a:")
                    .or_else(|| option.strip_prefix("-Xbootclasspath/p:"))
                {
                    self.agents.extend(split_path(path));
                }
            }
        }
        false
    }

    /// Elements of a module path are archives or directories of archives.
    fn modules(&mut self, path: &str) {
        for element in split_path(path) {
            if muster_formats::jar::is_archive(&element) {
                self.class_path.push(element);
            } else {
                self.class_path.push(format!("{}/*", element.trim_end_matches('/')));
            }
        }
    }
}

/// The elements of a class path.
pub(crate) fn split_path(path: &str) -> Vec<String> {
    path.split(':').filter(|element| !element.is_empty()).map(str::to_owned).collect()
}

/// The arguments in an argument file: separated by white space, quoted by `"` or `'` with `\` as escape in
/// quotes, `#` starting a comment.
pub(crate) fn read_argfile(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') => {
                let next = chars.next().unwrap_or('\\');
                let next = match next {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                };
                current.get_or_insert_default().push(next);
            }
            (Some(open), _) if char == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(char);
                current.get_or_insert_default();
            }
            (None, '#') if current.is_none() => {
                for skipped in chars.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
            }
            (None, _) if char.is_whitespace() => arguments.extend(current.take()),
            _ => current.get_or_insert_default().push(char),
        }
        if arguments.len() >= MAX_ARGUMENTS {
            break;
        }
    }
    arguments.extend(current);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> CommandLine {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        let mut line = CommandLine::default();
        line.read(&arguments, &|name| {
            (name == "opts").then(|| read_argfile("-cp \"/a b/x.jar:/c/*\" # no\n'-Dk=v w' Main"))
        });
        line
    }

    #[test]
    fn class_paths_and_archives_are_named() {
        let line =
            read(&["-Xmx1g", "-cp", "a.jar::lib/*", "--add-opens", "x=y", "Main", "-cp", "no"]);
        assert_eq!(line.class_path, ["a.jar", "lib/*"]);
        assert_eq!((line.jar, line.main.as_deref()), (None, Some("Main")));
        let line = read(&["-javaagent:/opt/agent.jar=port=1", "-jar", "app.jar", "-jar", "no.jar"]);
        assert_eq!(line.jar.as_deref(), Some("app.jar"));
        assert_eq!(line.agents, ["/opt/agent.jar"]);
        let line = read(&["-p", "mods:x.jar", "-m", "a/b.Main"]);
        assert_eq!(line.class_path, ["mods/*", "x.jar"]);
        assert_eq!(line.main.as_deref(), Some("b.Main"));
    }

    #[test]
    fn properties_count_before_and_after_the_main_class() {
        let line =
            read(&["-Dcatalina.home=/t", "-jar", "x.jar", "-Djboss.home.dir=/w", "jetty.base=/j"]);
        assert_eq!(line.property("catalina.home"), Some("/t"));
        assert_eq!(line.property("jboss.home.dir"), Some("/w"));
        assert_eq!(line.property("jetty.base"), Some("/j"));
        assert_eq!(line.property("nothing"), None);
    }

    #[test]
    fn argument_files_are_read() {
        let line = read(&["@opts", "-cp", "no"]);
        assert_eq!(line.class_path, ["/a b/x.jar", "/c/*"]);
        assert_eq!(line.property("k"), Some("v w"));
    }
}
