//! The services a token's catalogue names. All of them answer at the one public address.

use crate::app::App;

/// A service of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its id: stable, made of its name.
    pub id: String,
    /// What clients look for.
    pub name: &'static str,
    /// What clients look for, too.
    pub kind: &'static str,
    /// Address with version and, of a project's service, the project's id.
    pub url: String,
    /// Region, or `*` of what is the same everywhere.
    pub region: String,
}

/// Name, type, path, and whether the path names the project.
const SERVICES: &[(&str, &str, &str, bool)] = &[
    ("iam", "identity", "/v3", false),
    ("sts", "sts", "/v5", false),
    ("hss", "hss", "/v5", true),
    ("cgs", "cgs", "/v5", true),
    ("scm", "scm", "/v3", false),
    ("ccm", "ccm", "/v1", false),
    ("kms", "kms", "/v3", true),
];

/// The catalogue for a token of `project`, or of the account.
pub fn services(app: &App, project: Option<&str>) -> Vec<Service> {
    let base = app.settings.endpoint.trim_end_matches('/');
    let reachable = SERVICES.iter().filter(|(.., of_project)| project.is_some() || !of_project);
    reachable
        .map(|(name, kind, path, of_project)| {
            let project = project.filter(|_| *of_project);
            let tail = project.map(|project| format!("/{project}")).unwrap_or_default();
            let region = if *of_project { app.settings.region.as_str() } else { "*" };
            Service {
                id: format!("muster-{name}"),
                name,
                kind,
                url: format!("{base}{path}{tail}"),
                region: region.to_owned(),
            }
        })
        .collect()
}
