//! The group of an artifact of which only the name is known, from the names in public repositories.
//!
//! `data/maven-groups.txt` is built by `scripts/maven-groups` from the dependency management of widely used
//! parent and BOM projects: one line an artifact, with the groups that publish one of that name. The name
//! alone would be a guess, so the packages in the archive have to agree with the group; where they do not,
//! the group stays unknown unless only one is known at all.

use std::collections::HashMap;
use std::sync::OnceLock;

static TEXT: &str = include_str!("../../../data/maven-groups.txt");

/// A group and how sure it is.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) confidence: u8,
    /// For people: what the packages said.
    pub(super) proof: &'static str,
}

fn table() -> &'static HashMap<&'static str, &'static str> {
    static TABLE: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    TABLE.get_or_init(|| {
        TEXT.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(' '))
            .collect()
    })
}

/// What public names say against a group that a manifest suggested.
pub(super) enum Correction {
    /// It is another one.
    Group(Group),
    /// Others publish the artifact, and nothing tells which of them it is from.
    Unknown,
}

/// What speaks against the group `told` of an artifact: a manifest's vendor or bundle name often names the owner, and not the group.
/// Nothing does where nobody is known to publish the artifact, or somebody does under `told`. What is `guessed` (all but the id that
/// Maven's archiver writes) must be published; an id of one or two words may be an owner's, any other is believed.
pub(super) fn correct(
    artifact: &str,
    told: &str,
    guessed: bool,
    holds: &dyn Fn(&str) -> bool,
) -> Option<Correction> {
    let published = table().get(artifact)?;
    if published.split(' ').any(|group| group == told) {
        return None;
    }
    let doubtful = guessed || told.split('.').count() <= 2;
    let begins = |short: &str, long: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'))
    };
    // `com.google` of guava is the owner of `com.google.guava`.
    let mut related = published.split(' ').filter(|one| begins(told, one) || begins(one, told));
    if let (true, Some(name), None) = (doubtful, related.next(), related.next()) {
        let proof = ", which is its owner's";
        return Some(Correction::Group(Group { name, confidence: 80, proof }));
    }
    match find(artifact, holds) {
        Some(group) if doubtful || group.confidence >= 85 => Some(Correction::Group(group)),
        _ if guessed => Some(Correction::Unknown),
        _ => None,
    }
}

/// The group of an artifact in an archive that holds these packages.
pub(super) fn find(artifact: &str, holds: &dyn Fn(&str) -> bool) -> Option<Group> {
    let groups = table().get(artifact).or_else(|| {
        // `spark-core_2.13` is the same project as `spark-core_2.12`.
        let (base, scala) = artifact.rsplit_once('_')?;
        let other = ["2.12", "2.13", "2.11", "3"].into_iter().filter(|other| *other != scala);
        scala.starts_with(['2', '3']).then_some(())?;
        other.into_iter().find_map(|other| table().get(format!("{base}_{other}").as_str()))
    })?;
    // Of `com.google.code` and `com.google.code.gson` the longer one is meant.
    let is_prefix = |short: &str, long: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'))
    };
    let known: Vec<&'static str> = groups
        .split(' ')
        .filter(|one| !groups.split(' ').any(|other| is_prefix(one, other)))
        .collect();
    let agreeing = |depth: usize| {
        known.iter().copied().filter(move |group| {
            let parts: Vec<&str> = group.split('.').collect();
            parts.len() >= 2 && {
                let taken = parts.get(..depth.min(parts.len())).unwrap_or(&parts);
                holds(&format!("{}/", taken.join("/")))
            }
        })
    };
    // The whole group, or its first three parts, as a package: nobody else publishes there.
    if let Some(name) = agreeing(usize::MAX).max_by_key(|group| group.len()) {
        return Some(Group { name, confidence: 85, proof: ", and its packages are inside" });
    }
    // A group of one word, as old projects have it, whose packages begin with it.
    let mut words = known.iter().copied().filter(|group| !group.contains('.'));
    if let (Some(name), None) = (words.find(|group| holds(&format!("{group}/"))), words.next()) {
        return Some(Group { name, confidence: 80, proof: ", and its packages are inside" });
    }
    let [only] = known.as_slice() else { return None };
    if agreeing(2).next().is_some() {
        return Some(Group {
            name: only,
            confidence: 75,
            proof: ", and its owner's packages are inside",
        });
    }
    // A group like `oro` or `javax.xml.stream` need not show in the packages.
    Some(Group { name: only, confidence: 60, proof: "" })
}

/// The group of the API of a Java specification: by the naming rules of the Java Community Process and of Jakarta EE it is the one
/// package that all its classes are in, and the artifact `NAME-api` or `javax.NAME-api`.
pub(super) fn of_specification(artifact: &str, only: &dyn Fn(&str) -> bool) -> Option<String> {
    let name = artifact.strip_suffix("-api")?;
    let group = match name.strip_prefix("jakarta.").or_else(|| name.strip_prefix("javax.")) {
        Some(_) => name.to_owned(),
        None => format!("javax.{name}"),
    };
    only(&format!("{}/", group.replace('.', "/"))).then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_not_a_group() {
        let inside = |package: &'static str| move |wanted: &str| package.starts_with(wanted);
        let told = |artifact: &str, told: &str, guessed, package: &'static str| match correct(
            artifact,
            told,
            guessed,
            &inside(package),
        ) {
            Some(Correction::Group(group)) => group.name,
            Some(Correction::Unknown) => "unknown",
            None => "believed",
        };
        let velocity = "org/apache/velocity/app/Velocity.class";
        assert_eq!(told("velocity", "org.apache", false, velocity), "org.apache.velocity");
        assert_eq!(told("velocity", "org.apache.velocity", true, velocity), "believed");
        let gson = "com/google/gson/Gson.class";
        assert_eq!(told("gson", "com.google", true, gson), "com.google.code.gson");
        // The owner's id, or words of which the packages hold true, of what is published elsewhere.
        let io = "org/apache/commons/io/IOUtils.class";
        assert_eq!(told("commons-io", "org.apache.commons", true, io), "commons-io");
        assert_eq!(told("commons-io", "org.apache", false, io), "commons-io");
        // The archiver's id of somebody's own build is believed, a guess is not.
        let fork = "org/acme/fork/A.class";
        assert_eq!(told("commons-io", "org.acme.fork", false, fork), "believed");
        assert_eq!(told("asm", "org.objectweb", true, "org/objectweb/asm/A.class"), "unknown");
        assert_eq!(told("nobody-has-this", "org.acme", true, fork), "believed");
        // It is published under this one, whoever else publishes it.
        let orm = "org/hibernate/Session.class";
        assert_eq!(told("hibernate-core", "org.hibernate", false, orm), "believed");
    }

    #[test]
    fn packages_decide_between_groups() {
        let inside = |package: &'static str| move |wanted: &str| package.starts_with(wanted);
        let gson = find("gson", &inside("com/google/gson/Gson.class")).unwrap();
        assert_eq!(gson.name, "com.google.code.gson");
        // `antlr` published it before `org.antlr` did.
        assert_eq!(find("antlr", &inside("antlr/Tool.class")).unwrap().name, "antlr");
        assert_eq!(find("antlr", &inside("org/antlr/Tool.class")).unwrap().name, "org.antlr");
        assert!(find("no-such-artifact-at-all", &inside("a/B.class")).is_none());
    }

    #[test]
    fn a_specification_is_named_for_its_package() {
        let group = |artifact: &str, inside: &'static str| {
            of_specification(artifact, &|package| inside == package)
        };
        let some = |group: &str| Some(group.to_owned());
        assert_eq!(group("transaction-api", "javax/transaction/"), some("javax.transaction"));
        assert_eq!(group("javax.ws.rs-api", "javax/ws/rs/"), some("javax.ws.rs"));
        assert_eq!(group("jakarta.el-api", "jakarta/el/"), some("jakarta.el"));
        for (artifact, inside) in [("el-api", "jakarta/el/"), ("el", "javax/el/"), ("a-api", "a/")]
        {
            assert_eq!(group(artifact, inside), None, "{artifact}");
        }
    }
}
