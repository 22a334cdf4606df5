//! The licences that the loaded sources describe: SPDX's list, ScanCode's categories, the rules of choosealicense.

use super::{Licence, Rule, UNKNOWN};
use muster_advisory::Knowledge;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// Words that say nothing about which licence it is.
const FILLING: &[&str] = &["the", "license", "licence", "version", "v", "software"];

/// Licences by their SPDX ids.
#[derive(Debug, Default)]
pub(in crate::sca) struct Index {
    licences: HashMap<String, Licence>,
    /// SPDX ids by lower-case id and by name without filling words; none where a name is ambiguous.
    names: HashMap<String, Option<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spdx {
    licenses: Vec<SpdxLicence>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SpdxLicence {
    license_id: String,
    name: String,
    reference: String,
    details_url: String,
    is_osi_approved: Option<bool>,
    is_fsf_libre: Option<bool>,
    is_deprecated_license_id: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Category {
    category: String,
    spdx_license_key: Option<String>,
    other_spdx_license_keys: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Choice {
    #[serde(rename = "spdx-id")]
    id: String,
    title: String,
    description: String,
    permissions: Vec<String>,
    conditions: Vec<String>,
    limitations: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rules {
    permissions: Vec<Tag>,
    conditions: Vec<Tag>,
    limitations: Vec<Tag>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tag {
    tag: String,
    label: String,
    description: String,
}

impl Index {
    /// Reads the documents of a knowledge base. One that is missing or unreadable says nothing.
    pub(in crate::sca) fn of(knowledge: &Knowledge) -> Self {
        let spdx: Spdx = read(knowledge, "licences/spdx/licenses");
        let categories: Vec<Category> = read(knowledge, "licences/scancode/index");
        let choices: Vec<Choice> = read(knowledge, "licences/choosealicense/licenses");
        let rules: Rules = read(knowledge, "licences/choosealicense/rules");
        let mut index = Self::default();
        for it in spdx.licenses {
            index.call(&it.license_id.to_lowercase(), &it.license_id);
            index.call(&plain(&it.name), &it.license_id);
            let licence = Licence {
                id: it.license_id.clone(),
                name: it.name,
                grade: UNKNOWN,
                url: it.reference,
                details: it.details_url,
                osi: it.is_osi_approved,
                fsf: it.is_fsf_libre,
                deprecated: it.is_deprecated_license_id,
                ..Licence::default()
            };
            index.licences.insert(it.license_id, licence);
        }
        for it in categories {
            for id in it.spdx_license_key.iter().chain(&it.other_spdx_license_keys) {
                if let Some(licence) = index.licences.get_mut(id) {
                    licence.grade = grade(&it.category);
                }
            }
        }
        for it in choices {
            index.call(&plain(&it.title), &it.id);
            for id in [it.id.clone(), format!("{}-only", it.id), format!("{}-or-later", it.id)] {
                if let Some(licence) = index.licences.get_mut(&id) {
                    licence.description.clone_from(&it.description);
                    licence.allow = named(&it.permissions, &rules.permissions);
                    licence.must = named(&it.conditions, &rules.conditions);
                    licence.attention = named(&it.limitations, &rules.limitations);
                    if licence.grade == UNKNOWN {
                        licence.grade = by_conditions(&it.conditions);
                    }
                }
            }
        }
        index
    }

    /// A licence by its SPDX id, whatever its case.
    pub(in crate::sca) fn get(&self, id: &str) -> Option<&Licence> {
        self.licences
            .get(id)
            .or_else(|| self.licences.get(self.names.get(&id.to_lowercase())?.as_ref()?))
    }

    /// The licences that a component's text names: the ids of an SPDX expression, the id of a known name, or the
    /// text itself.
    pub(in crate::sca) fn ids(&self, text: &str) -> Vec<String> {
        if let Some(Some(id)) =
            self.names.get(&text.trim().to_lowercase()).or_else(|| self.names.get(&plain(text)))
        {
            return vec![id.clone()];
        }
        let words: Vec<_> = text
            .split([' ', '(', ')', '/', '|', '&', ',', ';'])
            .filter(|word| !word.is_empty())
            .filter(|word| !["AND", "OR", "WITH"].contains(&word.to_uppercase().as_str()))
            .collect();
        let ids =
            words.iter().map(|word| self.get(word.trim_end_matches('+')).map(|it| it.id.clone()));
        // An exception behind WITH is no licence; anything else that is none makes it a text.
        let exceptions = text.to_uppercase().matches(" WITH ").count();
        let known: Vec<String> = ids.flatten().collect();
        if !known.is_empty() && known.len() + exceptions >= words.len() {
            return known;
        }
        vec![text.to_owned()]
    }

    fn call(&mut self, name: &str, id: &str) {
        if name.is_empty() {
            return;
        }
        let known = self.names.entry(name.to_owned()).or_insert_with(|| Some(id.to_owned()));
        if known.as_deref() != Some(id) {
            *known = None;
        }
    }
}

fn read<T: Default + DeserializeOwned>(knowledge: &Knowledge, name: &str) -> T {
    let text = knowledge.document(name).ok().flatten();
    let read = text.and_then(|text| {
        serde_json::from_slice(&text)
            .inspect_err(|error| tracing::warn!(%error, name, "a document of the knowledge base cannot be read"))
            .ok()
    });
    read.unwrap_or_default()
}

/// A name without case, punctuation and filling words: `apache 2.0` of "Apache License, Version 2.0".
fn plain(name: &str) -> String {
    let words = name
        .split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '+'))
        .map(str::to_lowercase)
        .map(|word| match word.strip_prefix('v') {
            Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => number.to_owned(),
            _ => word,
        })
        .filter(|word| !word.is_empty() && !FILLING.contains(&word.as_str()));
    words.collect::<Vec<_>>().join(" ")
}

/// Grade of a category of ScanCode's.
fn grade(category: &str) -> u8 {
    match category {
        "Copyleft" | "Commercial" | "Free Restricted" | "Source-available" | "Proprietary Free" => {
            1
        }
        "Copyleft Limited" => 2,
        "Permissive" | "Public Domain" => 3,
        _ => UNKNOWN,
    }
}

/// Grade by what choosealicense says has to be done.
fn by_conditions(conditions: &[String]) -> u8 {
    let has = |wanted: &str| conditions.iter().any(|condition| condition == wanted);
    if has("same-license") || has("network-use-disclose") {
        1
    } else if conditions.iter().any(|condition| condition.starts_with("same-license--")) {
        2
    } else {
        3
    }
}

fn named(tags: &[String], rules: &[Tag]) -> Vec<Rule> {
    let rule = |tag: &String| {
        let rule = rules.iter().find(|rule| rule.tag == *tag)?;
        Some(Rule { permissions: rule.label.clone(), description: rule.description.clone() })
    };
    tags.iter().filter_map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let mut index = Index::default();
        for (id, name) in [
            ("MIT", "MIT License"),
            ("Apache-2.0", "Apache License 2.0"),
            ("GPL-2.0-only", "GNU General Public License v2.0 only"),
        ] {
            index.call(&id.to_lowercase(), id);
            index.call(&plain(name), id);
            index
                .licences
                .insert(id.to_owned(), Licence { id: id.to_owned(), ..Licence::default() });
        }
        index
    }

    #[test]
    fn texts_become_ids_where_that_is_certain() {
        for (text, ids) in [
            ("MIT", vec!["MIT"]),
            ("mit", vec!["MIT"]),
            ("The MIT License", vec!["MIT"]),
            ("Apache License, Version 2.0", vec!["Apache-2.0"]),
            ("(MIT OR Apache-2.0)", vec!["MIT", "Apache-2.0"]),
            ("MIT/Apache-2.0", vec!["MIT", "Apache-2.0"]),
            ("GPL-2.0-only WITH Classpath-exception-2.0", vec!["GPL-2.0-only"]),
            ("MIT OR Something", vec!["MIT OR Something"]),
            ("BSD", vec!["BSD"]),
        ] {
            assert_eq!(index().ids(text), ids, "{text}");
        }
    }

    #[test]
    fn an_ambiguous_name_is_no_name() {
        let mut index = index();
        index.call("bsd", "BSD-2-Clause");
        index.call("bsd", "BSD-3-Clause");
        assert_eq!(index.ids("BSD"), ["BSD"]);
    }

    #[test]
    fn grades_follow_the_categories() {
        assert_eq!(
            ["Copyleft", "Copyleft Limited", "Permissive", "CLA"].map(grade),
            [1, 2, 3, UNKNOWN]
        );
        let owned = |all: &[&str]| all.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        assert_eq!(by_conditions(&owned(&["include-copyright"])), 3);
        assert_eq!(by_conditions(&owned(&["same-license--library"])), 2);
        assert_eq!(by_conditions(&owned(&["same-license"])), 1);
    }
}
