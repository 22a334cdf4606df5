//! The built-in policies: data, read by the same parser as everybody's.

use super::rights::Compiled;
use muster_model::Role;
use muster_policy::Policy;
use std::sync::{Arc, LazyLock};

/// A policy that is part of the program. Its id never changes.
pub struct Builtin {
    /// Its id in APIs.
    pub id: &'static str,
    /// Its name in APIs, as the vendor names the like.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Whose it is: `BASE`, or a service.
    pub catalog: &'static str,
    /// The document.
    pub document: &'static str,
}

const fn row(
    id: &'static str,
    name: &'static str,
    title: &'static str,
    catalog: &'static str,
    document: &'static str,
) -> Builtin {
    Builtin { id, name, title, catalog, document }
}

/// All of them.
pub const ALL: &[Builtin] = &[
    row(
        "muster0000000000000000000000admin",
        "te_admin",
        "Tenant Administrator",
        "BASE",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"]}]}"#,
    ),
    row("muster00000000000000000000readonly", "readonly", "Tenant Guest", "BASE", READ_ONLY),
    row(
        "muster000000000000000000000auditor",
        "auditor",
        "Auditor",
        "BASE",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["muster:audit:*","iam:*:list","iam:*:get",
           "iam:token:create","iam:token:validate","iam:policy:simulate"]}]}"#,
    ),
    row(
        "muster00000000000000000secu_admin",
        "secu_admin",
        "Security Administrator",
        "BASE",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["iam:*:*"]}]}"#,
    ),
    row(
        "muster000000000000000000te_agency",
        "te_agency",
        "Agent Operator",
        "BASE",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["iam:agency:assume","iam:*:get"]}]}"#,
    ),
    row(
        "muster000000000000000000hss_admin",
        "hss_adm",
        "HSS FullAccess",
        "HSS",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["hss:*:*","iam:*:get"]}]}"#,
    ),
    row(
        "muster0000000000000000000hss_read",
        "hss_readonly",
        "HSS ReadOnlyAccess",
        "HSS",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["hss:*:list*","hss:*:get*","hss:asset:export",
           "iam:*:get"]}]}"#,
    ),
    row(
        "muster000000000000000000scm_admin",
        "scm_adm",
        "SCM FullAccess",
        "SCM",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["scm:*:*","iam:*:get"]}]}"#,
    ),
    row(
        "muster0000000000000000000scm_read",
        "scm_readonly",
        "SCM ReadOnlyAccess",
        "SCM",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["scm:*:list*","scm:*:get*","iam:*:get"]}]}"#,
    ),
    row(
        "muster000000000000000000kps_admin",
        "kps_adm",
        "DEW KeypairFullAccess",
        "KPS",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["kps:*:*","iam:*:get"]}]}"#,
    ),
    row(
        "muster0000000000000000000kps_read",
        "kps_readonly",
        "DEW KeypairReadOnlyAccess",
        "KPS",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["kps:*:list*","kps:*:get*","iam:*:get"]}]}"#,
    ),
    row(
        "muster000000000000000000sca_admin",
        "sca_adm",
        "SCA FullAccess",
        "SCA",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["sca:*:*","iam:*:get"]}]}"#,
    ),
    row(
        "muster0000000000000000000sca_read",
        "sca_readonly",
        "SCA ReadOnlyAccess",
        "SCA",
        r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["sca:*:list*","sca:*:get*","iam:*:get"]}]}"#,
    ),
];

/// Everything that changes nothing and hands out no secret. A test holds it against the reach of every action.
const READ_ONLY: &str = r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*:*:list*","*:*:get*",
    "*:*:show*","hss:asset:export","iam:token:create","iam:token:validate","iam:policy:simulate"]}]}"#;

static COMPILED: LazyLock<Vec<Option<Arc<Compiled>>>> = LazyLock::new(|| {
    let compile = |row: &Builtin| {
        Policy::parse(row.document).ok().map(|it| Arc::new(Compiled::new(row.name, it)))
    };
    ALL.iter().map(compile).collect()
});

/// The built-in policy with this id, ready to be asked.
pub(crate) fn compiled(id: &str) -> Option<Arc<Compiled>> {
    let at = ALL.iter().position(|row| row.id == id)?;
    COMPILED.get(at)?.clone()
}

/// What a user's own role stands for.
pub(crate) fn of_role(role: Role) -> Option<&'static Arc<Compiled>> {
    let at = match role {
        Role::Admin => 0,
        Role::Reader => 1,
        Role::None => return None,
    };
    COMPILED.get(at)?.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Action;
    use muster_model::action::Access;

    #[test]
    fn every_one_parses_and_ids_are_unique() {
        for (at, row) in ALL.iter().enumerate() {
            assert!(Policy::parse(row.document).is_ok(), "{}", row.name);
            assert!(COMPILED[at].is_some());
            assert!(
                ALL.iter().filter(|other| other.id == row.id || other.name == row.name).count()
                    == 1
            );
            assert!(row.id.len() <= 64);
        }
    }

    #[test]
    fn reading_reaches_as_far_as_the_actions_say() {
        for action in Action::ALL {
            let reads = action.access() == Access::Read;
            let allowed = of_role(Role::Reader).unwrap().may(*action);
            assert_eq!(allowed, reads, "{action}: read-only and its reach disagree");
            assert!(of_role(Role::Admin).unwrap().may(*action), "{action}");
        }
    }
}
