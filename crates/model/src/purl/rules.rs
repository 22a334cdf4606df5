//! What makes a package URL canonical, type by type.
//!
//! Source: the type definitions of ECMA-427. Two of them fold the case of names which the registry
//! itself tells apart (`npm` has both `JSONStream` and `jsonstream`, Go modules are case-sensitive): there
//! the case is kept, as it names another package.

use super::Purl;

/// Folds what the package's registry does not tell apart.
pub(super) fn apply(purl: &mut Purl) {
    match purl.kind.as_str() {
        "alpm" | "apk" | "bitbucket" | "composer" | "deb" | "github" | "gitlab" | "hex"
        | "vscode-extension" => {
            purl.namespace.make_ascii_lowercase();
            purl.name.make_ascii_lowercase();
        }
        "bitnami" | "oci" => purl.name.make_ascii_lowercase(),
        "rpm" | "qpkg" => purl.namespace.make_ascii_lowercase(),
        "huggingface" => purl.version.make_ascii_lowercase(),
        "luarocks" => {
            purl.namespace.make_ascii_lowercase();
            purl.name.make_ascii_lowercase();
            purl.version.make_ascii_lowercase();
        }
        "pub" => {
            purl.name = purl
                .name
                .chars()
                .map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() })
                .collect();
        }
        "pypi" => purl.name = normal_python_name(&purl.name),
        _ => {}
    }
}

/// The name as the Python package index spells it (PEP 503): lower case, runs of `-`, `_` and `.` are one `-`.
pub fn normal_python_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for char in name.chars() {
        if matches!(char, '-' | '_' | '.') {
            if !normal.ends_with('-') {
                normal.push('-');
            }
        } else {
            normal.push(char.to_ascii_lowercase());
        }
    }
    normal
}
