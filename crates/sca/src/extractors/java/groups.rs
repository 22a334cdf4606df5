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

/// The group of an artifact for which a manifest's vendor or bundle name suggested `told`: such words often name the owner and
/// not the group. Only where nobody publishes the artifact under `told`, and the packages agree with who does.
pub(super) fn correct(artifact: &str, told: &str, holds: &dyn Fn(&str) -> bool) -> Option<Group> {
    let published = table().get(artifact)?;
    if published.split(' ').any(|group| group == told) {
        return None;
    }
    let group = find(artifact, holds)?;
    let longer = group.name.strip_prefix(told).is_some_and(|rest| rest.starts_with('.'));
    let shorter = told.strip_prefix(group.name).is_some_and(|rest| rest.starts_with('.'));
    let agrees = group.confidence >= 85 || (longer || shorter) && group.confidence >= 75;
    agrees.then_some(group)
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
        let velocity = inside("org/apache/velocity/app/Velocity.class");
        assert_eq!(
            correct("velocity", "org.apache", &velocity).unwrap().name,
            "org.apache.velocity"
        );
        let gson = inside("com/google/gson/Gson.class");
        assert_eq!(correct("gson", "com.google", &gson).unwrap().name, "com.google.code.gson");
        assert!(correct("velocity", "org.apache.velocity", &velocity).is_none());
        assert!(correct("velocity", "com.acme", &inside("com/acme/Velocity.class")).is_none());
        // It is published under this one, whoever else publishes it.
        let orm = inside("org/hibernate/Session.class");
        assert!(correct("hibernate-core", "org.hibernate", &orm).is_none());
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
