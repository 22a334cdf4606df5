//! What the name of a Java archive says: `artifact-version[-classifier].jar`.
//!
//! The name is ambiguous by nature (`log4j-1.2-api-2.14.1`, `guava-31.1-jre`, `foo-1.0-sources`), so a split
//! is taken only where everything behind it looks like a version.

/// The parts of an archive's file name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JarName<'a> {
    /// Name without version, classifier and extension.
    pub artifact: &'a str,
    /// Version, if the name has one.
    pub version: &'a str,
    /// `sources`, `linux-x86_64`, `jdk15` ...
    pub classifier: &'a str,
}

/// Words that belong to a version when they follow its number after a hyphen.
const QUALIFIERS: &[&str] = &[
    "alpha",
    "beta",
    "rc",
    "cr",
    "m",
    "milestone",
    "snapshot",
    "final",
    "ga",
    "release",
    "sp",
    "pre",
    "ea",
    "incubating",
    "jre",
    "android",
    "b",
    "build",
    "redhat",
    "jbossorg",
    "preview",
    "patch",
    "hotfix",
    "lts",
];

/// Words that are classifiers.
const CLASSIFIERS: &[&str] = &[
    "sources",
    "javadoc",
    "tests",
    "test-sources",
    "test",
    "all",
    "shaded",
    "jar-with-dependencies",
    "exec",
    "boot",
    "bin",
    "standalone",
    "nodep",
    "no_aop",
    "native",
    "linux",
    "osx",
    "macos",
    "mac",
    "windows",
    "win",
    "x86_64",
    "aarch_64",
    "aarch64",
    "x86_32",
    "amd64",
    "runtime",
    "runner",
    "client",
    "uber",
    "fat",
    "dist",
];

/// Splits a file name, with or without its extension.
pub fn parse(file_name: &str) -> JarName<'_> {
    let stem = match file_name.rsplit_once('.') {
        Some((stem, extension))
            if extension.len() <= 4
                && extension.starts_with(|c: char| c.is_ascii_alphabetic())
                && extension.bytes().all(|b| b.is_ascii_alphanumeric())
                && !stem.is_empty() =>
        {
            stem
        }
        _ => file_name,
    };
    let splits = stem
        .match_indices('-')
        .map(|(at, _)| (stem.get(..at).unwrap_or(""), stem.get(at + 1..).unwrap_or("")))
        .filter(|(artifact, rest)| !artifact.is_empty() && starts_version(rest));
    for (artifact, rest) in splits {
        if let Some((version, classifier)) = split_version(rest) {
            // `hive-shims-0.23-2.3.9`: of two versions the first belongs to the name.
            if let Some((first, second)) = version.split_once('-')
                && [first, second].into_iter().all(is_plain_version)
            {
                let name = stem.get(..artifact.len() + 1 + first.len()).unwrap_or(artifact);
                return JarName { artifact: name, version: second, classifier };
            }
            return JarName { artifact, version, classifier };
        }
    }
    JarName { artifact: stem, ..JarName::default() }
}

/// The parts of a name that ends in a word nobody knows (`groovy-ant-2.4.21-indy`), by the version that the archive itself states.
pub fn by_version<'a>(stem: &'a str, version: &str) -> Option<JarName<'a>> {
    let (at, _) = stem.match_indices('-').find(|(at, _)| {
        let rest = stem.get(at + 1..).and_then(|rest| rest.strip_prefix(version));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })?;
    let artifact = stem.get(..at).filter(|artifact| !artifact.is_empty())?;
    let (version, classifier) = stem.get(at + 1..)?.split_at_checked(version.len())?;
    Some(JarName { artifact, version, classifier: classifier.trim_start_matches('-') })
}

/// Numbers between dots, at least two, and no time stamp of a snapshot.
fn is_plain_version(text: &str) -> bool {
    let numbers = text
        .split('.')
        .all(|part| !part.is_empty() && part.len() < 6 && part.bytes().all(|b| b.is_ascii_digit()));
    numbers && text.contains('.')
}

/// A digit, or `v` and a digit.
fn starts_version(text: &str) -> bool {
    text.strip_prefix('v').unwrap_or(text).starts_with(|c: char| c.is_ascii_digit())
}

/// Version and classifier, if all of `rest` is made of them.
fn split_version(rest: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    let mut tokens = rest.split('-');
    end += tokens.next()?.len();
    let mut tokens = tokens.peekable();
    while let Some(token) = tokens.peek() {
        if !is_qualifier(token) {
            break;
        }
        end += 1 + token.len();
        tokens.next();
    }
    let version = rest.get(..end)?;
    let classifier = rest.get(end + 1..).unwrap_or("");
    tokens.all(is_classifier).then_some((version, classifier))
}

fn is_qualifier(token: &str) -> bool {
    let word =
        token.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').to_ascii_lowercase();
    word.is_empty() || QUALIFIERS.contains(&word.as_str())
}

fn is_classifier(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    let word = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    CLASSIFIERS.contains(&lower.as_str()) || word == "jdk" || word == "java" || word == "hadoop"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_from_the_wild() {
        for (name, artifact, version, classifier) in [
            ("log4j-core-2.14.1.jar", "log4j-core", "2.14.1", ""),
            ("log4j-1.2-api-2.14.1.jar", "log4j-1.2-api", "2.14.1", ""),
            ("guava-31.1-jre.jar", "guava", "31.1-jre", ""),
            ("commons-lang3-3.12.0-sources.jar", "commons-lang3", "3.12.0", "sources"),
            ("kafka_2.12-2.8.0.jar", "kafka_2.12", "2.8.0", ""),
            (
                "netty-transport-native-epoll-4.1.68.Final-linux-x86_64.jar",
                "netty-transport-native-epoll",
                "4.1.68.Final",
                "linux-x86_64",
            ),
            ("json-lib-2.4-jdk15.jar", "json-lib", "2.4", "jdk15"),
            ("spring-boot-3.0.0-M1.jar", "spring-boot", "3.0.0-M1", ""),
            ("hive-shims-0.23-2.3.9.jar", "hive-shims-0.23", "2.3.9", ""),
            ("automaton-1.11-8.jar", "automaton", "1.11-8", ""),
            ("foo-1.0-20200101.123456-1.jar", "foo", "1.0-20200101.123456-1", ""),
            ("mysql-connector-java-5.1.49-bin.jar", "mysql-connector-java", "5.1.49", "bin"),
            ("catalina.jar", "catalina", "", ""),
            ("ROOT.war", "ROOT", "", ""),
            ("tomcat-i18n-zh-CN.jar", "tomcat-i18n-zh-CN", "", ""),
            ("bcprov-jdk15on-1.70.jar", "bcprov-jdk15on", "1.70", ""),
            ("app-v2.3.jar", "app", "v2.3", ""),
            ("jakarta.servlet-api-5.0.0", "jakarta.servlet-api", "5.0.0", ""),
            ("-1.jar", "-1", "", ""),
        ] {
            assert_eq!(parse(name), JarName { artifact, version, classifier }, "{name}");
        }
    }

    #[test]
    fn a_stated_version_splits_what_ends_in_an_unknown_word() {
        let parts = |artifact, version, classifier| Some(JarName { artifact, version, classifier });
        assert_eq!(by_version("a-ant-2.4.21-indy", "2.4.21"), parts("a-ant", "2.4.21", "indy"));
        assert_eq!(by_version("a-2.4", "2.4"), parts("a", "2.4", ""));
        for (stem, version) in [("a-2.4.21-indy", "2.4.2"), ("a", "1"), ("-1", "1")] {
            assert_eq!(by_version(stem, version), None);
        }
    }

    proptest! {
        #[test]
        fn the_parts_are_in_the_name(name in "[a-z0-9é.-]{0,40}") {
            let parts = parse(&name);
            prop_assert!(name.starts_with(parts.artifact));
            prop_assert!(name.contains(parts.version) && name.contains(parts.classifier));
        }
    }
}
