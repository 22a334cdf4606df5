//! PHP's Composer: `composer.lock` and `vendor/composer/installed.json`.

use serde::Deserialize;

/// Most packages taken from one file.
const MAX_PACKAGES: usize = 10_000;

/// A locked or installed package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Package {
    /// `vendor/name`.
    pub name: String,
    /// Version, without the `v` that many tags start with.
    #[serde(default)]
    pub version: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    /// `composer.lock`, and `installed.json` since Composer 2.
    Keyed { packages: Vec<Package> },
    /// `installed.json` of Composer 1.
    List(Vec<Package>),
}

#[derive(Deserialize)]
struct Development {
    #[serde(default, rename = "packages-dev")]
    packages: Vec<Package>,
}

/// The packages of a lock file that only development needs. None when it is no lock file.
pub fn parse_dev(bytes: &[u8]) -> Option<Vec<Package>> {
    let Development { packages } = serde_json::from_slice(bytes).ok()?;
    Some(clean(packages))
}

/// The packages of either file; development packages of a lock file are left out, they are not deployed.
/// None when the file is neither.
pub fn parse(bytes: &[u8]) -> Option<Vec<Package>> {
    let (File::Keyed { packages } | File::List(packages)) = serde_json::from_slice(bytes).ok()?;
    Some(clean(packages))
}

fn clean(mut packages: Vec<Package>) -> Vec<Package> {
    packages.truncate(MAX_PACKAGES);
    for package in &mut packages {
        if let Some(bare) = package.version.strip_prefix('v')
            && bare.starts_with(|c: char| c.is_ascii_digit())
        {
            package.version = bare.to_owned();
        }
    }
    packages.retain(|package| package.name.contains('/') && package.name.len() <= 256);
    packages
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_three_shapes_are_read() {
        let want = [Package { name: "laravel/framework".into(), version: "10.1.2".into() }];
        for text in [
            r#"{"packages":[{"name":"laravel/framework","version":"v10.1.2","type":"library"}],"packages-dev":[{"name":"a/b","version":"1"}]}"#,
            r#"[{"name":"laravel/framework","version":"10.1.2"},{"name":"php","version":"8"}]"#,
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), want);
        }
        assert_eq!(parse(b"{}"), None);
        let dev = parse_dev(br#"{"packages":[],"packages-dev":[{"name":"a/b","version":"v1"}]}"#);
        assert_eq!(dev.unwrap(), [Package { name: "a/b".into(), version: "1".into() }]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[{}\\[\\]\":,a-z/.0-9]{0,200}") {
            let _ = parse(text.as_bytes());
        }
    }
}
