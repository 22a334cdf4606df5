//! Lists that builds leave in an archive of what they bundled: NOTICE files with coordinates, as Flink's
//! builds check them, and the `DEPENDENCIES` of Maven's remote resources plugin.

use muster_formats::pom::Coordinate;

/// Most lines looked at in one list.
const MAX_LINES: usize = 200_000;

/// `- group:artifact:version` lines. Anything behind the version (a classifier, a remark in brackets) does
/// not matter.
pub(super) fn notice(text: &str) -> Vec<Coordinate> {
    text.lines()
        .take(MAX_LINES)
        .filter_map(|line| {
            let item = line.trim().trim_start_matches(['-', '*', '+', '•']).trim_start();
            let token = item.split_whitespace().next()?;
            let mut parts = token.trim_end_matches([',', ';', '.']).split(':');
            let (group, artifact, version) = (parts.next()?, parts.next()?, parts.next()?);
            // `group:artifact:jar:version` and `group:artifact:jar:classifier:version`, as Maven prints them.
            let version = match (version, parts.next(), parts.next()) {
                ("jar" | "war" | "bundle" | "pom", Some(version), None) => version,
                ("jar" | "war" | "bundle" | "pom", Some(_), Some(version)) => version,
                (version, ..) => version,
            };
            coordinate(group, artifact, version)
        })
        .collect()
}

/// `  - Name (https://...) group:artifact:jar:version` lines. They are what the artifact needs, not what lies
/// in it.
pub(super) fn dependencies(text: &str) -> Vec<Coordinate> {
    text.lines()
        .take(MAX_LINES)
        .filter_map(|line| {
            let item = line.trim().strip_prefix("- ")?;
            let token = item.split_whitespace().next_back()?;
            let parts: Vec<&str> = token.split(':').collect();
            match parts.as_slice() {
                [group, artifact, _, version] | [group, artifact, _, _, version] => {
                    coordinate(group, artifact, version)
                }
                _ => None,
            }
        })
        .collect()
}

fn coordinate(group: &str, artifact: &str, version: &str) -> Option<Coordinate> {
    let is_id = |text: &str| {
        !text.is_empty()
            && text.len() <= 128
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let is_version = is_id(version) && version.bytes().any(|b| b.is_ascii_digit());
    let is_group = is_id(group) && group.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    (is_group && is_id(artifact) && is_version).then(|| Coordinate {
        group: group.to_owned(),
        artifact: artifact.to_owned(),
        version: version.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gav(group: &str, artifact: &str, version: &str) -> Coordinate {
        Coordinate { group: group.into(), artifact: artifact.into(), version: version.into() }
    }

    #[test]
    fn notices_list_coordinates_among_prose() {
        let text = "flink-table\nCopyright 2014-2024\n\nThis project bundles the following \
            dependencies under the Apache License:\n\n- com.google.guava:guava:32.1.3-jre\n\
            - org.codehaus.janino:janino:3.1.10\n - a.b:c:jar:1.0\n\nSee http://x.org: yes: 1\n\
            - io.netty:netty-all:4.1.100.Final (with a remark)\n";
        assert_eq!(
            notice(text),
            [
                gav("com.google.guava", "guava", "32.1.3-jre"),
                gav("org.codehaus.janino", "janino", "3.1.10"),
                gav("a.b", "c", "1.0"),
                gav("io.netty", "netty-all", "4.1.100.Final"),
            ]
        );
    }

    #[test]
    fn dependencies_are_needs() {
        let text = "From: 'Apache' (https://apache.org/)\n  - Apache Commons Codec \
            (https://commons.apache.org) commons-codec:commons-codec:jar:1.11\n    License: x\n";
        assert_eq!(dependencies(text), [gav("commons-codec", "commons-codec", "1.11")]);
    }
}
