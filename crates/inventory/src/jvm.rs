//! How a Java process was started: its main class or archive, system properties and class path.

use std::collections::HashMap;

/// The launch of a JVM, read from its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch<'a> {
    /// Main class; empty when started with `-jar`.
    pub main: &'a str,
    /// Archive of `-jar`; empty when started by a class.
    pub jar: &'a str,
    /// `-Dname=value`; a name without a value has an empty one.
    pub properties: HashMap<&'a str, &'a str>,
    /// Entries of the class path and the module path, as written.
    pub class_path: Vec<&'a str>,
    /// What the program itself is given.
    pub args: &'a [String],
}

/// Options of the launcher that take their value from the next argument (java(1)).
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
    "--upgrade-module-path",
    "-d",
];

/// Most class path entries looked at.
const MAX_ENTRIES: usize = 10_000;

impl<'a> Launch<'a> {
    /// Reads the arguments behind the program. `None` when nothing is started (`java -version`).
    pub fn parse(args: &'a [String]) -> Option<Self> {
        let mut launch = Self::default();
        let mut at = 0;
        while let Some(arg) = args.get(at) {
            let next = args.get(at + 1).map(String::as_str);
            at += 1;
            if let Some(property) = arg.strip_prefix("-D") {
                let (name, value) = property.split_once('=').unwrap_or((property, ""));
                launch.properties.insert(name, value);
            } else if matches!(
                arg.as_str(),
                "-cp" | "-classpath" | "--class-path" | "-p" | "--module-path"
            ) {
                launch.paths(next?);
                at += 1;
            } else if let Some(paths) =
                arg.strip_prefix("--class-path=").or_else(|| arg.strip_prefix("--module-path="))
            {
                launch.paths(paths);
            } else if arg == "-jar" {
                launch.jar = next?;
                launch.args = args.get(at + 1..).unwrap_or_default();
                return Some(launch);
            } else if arg == "-m" || arg == "--module" {
                launch.main = next.map(main_of_module)?;
                launch.args = args.get(at + 1..).unwrap_or_default();
                return Some(launch);
            } else if let Some(module) = arg.strip_prefix("--module=") {
                launch.main = main_of_module(module);
                launch.args = args.get(at..).unwrap_or_default();
                return Some(launch);
            } else if WITH_VALUE.contains(&arg.as_str()) {
                at += 1;
            } else if !arg.starts_with(['-', '@']) {
                launch.main = arg;
                launch.args = args.get(at..).unwrap_or_default();
                return Some(launch);
            }
        }
        None
    }

    /// The value of a property; none when it is empty.
    pub fn property(&self, name: &str) -> Option<&'a str> {
        self.properties.get(name).copied().filter(|value| !value.is_empty())
    }

    fn paths(&mut self, paths: &'a str) {
        let left = MAX_ENTRIES.saturating_sub(self.class_path.len());
        self.class_path.extend(paths.split(':').filter(|path| !path.is_empty()).take(left));
    }
}

/// `module/class` names the class, a lone module its own main class.
fn main_of_module(module: &str) -> &str {
    module.rsplit_once('/').map_or(module, |(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn classes_archives_and_modules() {
        let tomcat =
            args("-Da=b -Dc -Xmx1g -cp /x/a.jar:/x/b.jar --add-opens m/p=q org.x.Bootstrap start");
        let launch = Launch::parse(&tomcat).unwrap();
        assert_eq!((launch.main, launch.jar), ("org.x.Bootstrap", ""));
        assert_eq!(launch.property("a"), Some("b"));
        assert_eq!(launch.property("c"), None);
        assert_eq!(launch.class_path, ["/x/a.jar", "/x/b.jar"]);
        assert_eq!(launch.args, ["start"]);

        let jar = args("-server -jar app.jar -Dnot=one --port=1");
        let launch = Launch::parse(&jar).unwrap();
        assert_eq!(launch.jar, "app.jar");
        assert_eq!(launch.args.len(), 2);
        assert!(launch.properties.is_empty());

        let module = args("--module-path lib -m org.x.server/org.x.Main");
        assert_eq!(Launch::parse(&module).unwrap().main, "org.x.Main");
        assert_eq!(Launch::parse(&args("-version")), None);
        assert_eq!(Launch::parse(&args("-cp")), None);
    }
}
