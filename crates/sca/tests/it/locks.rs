//! One small file of each kind that package managers write, and what it says.

use crate::{purls, scan_bytes};

/// The file's name, its content, and the package URLs in it.
const CASES: &[(&str, &str, &[&str])] = &[
    (
        "package-lock.json",
        r#"{"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}},"c":{"version":"npm:d@3.0.0"}}}"#,
        &["pkg:npm/a@1.0.0", "pkg:npm/b@2.0.0", "pkg:npm/d@3.0.0"],
    ),
    (
        "yarn.lock",
        "\"a@^1\":\n  version \"1.0.0\"\n  dependencies:\n    b \"^2\"\n\nb@^2:\n  version \"2.0.0\"\n",
        &["pkg:npm/a@1.0.0", "pkg:npm/b@2.0.0"],
    ),
    (
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0\npackages:\n  a@1.0.0:\n    resolution: {integrity: x}\n  '@s/b@2.0.0':\n    resolution: {}\n",
        &["pkg:npm/%40s/b@2.0.0", "pkg:npm/a@1.0.0"],
    ),
    (
        "bun.lock",
        "{\"packages\": {\"a\": [\"a@1.0.0\", \"\", {}, \"sha\"],},}",
        &["pkg:npm/a@1.0.0"],
    ),
    ("gradle.lockfile", "# c\na.b:c:1.0=runtimeClasspath\nempty=x\n", &["pkg:maven/a.b/c@1.0"]),
    (
        "gradle/libs.versions.toml",
        "[versions]\nv = \"1.0\"\n[libraries]\nx = { module = \"a.b:c\", version.ref = \"v\" }\ny = \"d.e:f:2\"\n",
        &["pkg:maven/a.b/c@1.0", "pkg:maven/d.e/f@2"],
    ),
    (
        "poetry.lock",
        "[[package]]\nname = \"A_B\"\nversion = \"1\"\ncategory = \"dev\"\n[package.dependencies]\nc = \"*\"\n[[package]]\nname = \"c\"\nversion = \"2\"\n",
        &["pkg:pypi/a-b@1", "pkg:pypi/c@2"],
    ),
    (
        "uv.lock",
        "[[package]]\nname = \"me\"\nversion = \"0\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"a\" }]\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"x\" }\n",
        &["pkg:pypi/a@1"],
    ),
    (
        "pdm.lock",
        "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"default\"]\n",
        &["pkg:pypi/a@1"],
    ),
    ("pylock.toml", "[[packages]]\nname = \"a\"\nversion = \"1\"\n", &["pkg:pypi/a@1"]),
    (
        "Pipfile.lock",
        r#"{"default":{"a":{"version":"==1"}},"develop":{"b":{"version":"==2"}}}"#,
        &["pkg:pypi/a@1", "pkg:pypi/b@2"],
    ),
    (
        "go.mod",
        "module m\ngo 1.21\nrequire x.org/a v1.0.0\nrequire (\n\tx.org/b v2.0.0 // indirect\n)\nreplace x.org/b => y.org/c v3.0.0\n",
        &["pkg:golang/x.org/a@v1.0.0", "pkg:golang/y.org/c@v3.0.0"],
    ),
    (
        "Cargo.lock",
        "version = 4\n[[package]]\nname = \"me\"\nversion = \"0.1.0\"\ndependencies = [\"a\"]\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n",
        &["pkg:cargo/a@1.0.0"],
    ),
    (
        "app.deps.json",
        r#"{"libraries":{"A/1.0.0":{"type":"package"},"me/1.0.0":{"type":"project"}}}"#,
        &["pkg:nuget/A@1.0.0"],
    ),
    (
        "packages.lock.json",
        r#"{"version":1,"dependencies":{"net8.0":{"A":{"type":"Direct","resolved":"1.0.0"},"p":{"type":"Project"}}}}"#,
        &["pkg:nuget/A@1.0.0"],
    ),
    (
        "packages.config",
        "<?xml version=\"1.0\"?><packages><package id=\"A\" version=\"1.0.0\" /></packages>",
        &["pkg:nuget/A@1.0.0"],
    ),
    (
        "a.nuspec",
        "<package><metadata><id>A</id><version>1.0.0</version><license>MIT</license></metadata></package>",
        &["pkg:nuget/A@1.0.0"],
    ),
    ("Gemfile.lock", "GEM\n  specs:\n    a (1.0)\n\nDEPENDENCIES\n  a\n", &["pkg:gem/a@1.0"]),
    ("specifications/a-1.0.gemspec", "Gem::Specification.new", &["pkg:gem/a@1.0"]),
    (
        "composer.lock",
        r#"{"packages":[{"name":"v/a","version":"v1.0"}],"packages-dev":[{"name":"v/b","version":"2.0"}]}"#,
        &["pkg:composer/v/a@1.0", "pkg:composer/v/b@2.0"],
    ),
    (
        "vendor/composer/installed.json",
        r#"[{"name":"v/a","version":"1.0"}]"#,
        &["pkg:composer/v/a@1.0"],
    ),
    (
        "conan.lock",
        r#"{"version":"0.5","requires":["zlib/1.2.13#rev%1"],"build_requires":["cmake/3.2@u/c"]}"#,
        &["pkg:conan/cmake@3.2", "pkg:conan/zlib@1.2.13"],
    ),
    (
        "conda-meta/a-1.0-0.json",
        r#"{"name":"a","version":"1.0","build":"0","subdir":"noarch","license":"MIT"}"#,
        &["pkg:conda/a@1.0?build=0&subdir=noarch"],
    ),
    (
        "lib/a/DESCRIPTION",
        "Package: a\nVersion: 1.0\nLicense: MIT\nBuilt: R 4.3.0\n",
        &["pkg:cran/a@1.0"],
    ),
    ("renv.lock", r#"{"Packages":{"a":{"Package":"a","Version":"1.0"}}}"#, &["pkg:cran/a@1.0"]),
    (
        "pubspec.lock",
        "packages:\n  a:\n    dependency: \"direct main\"\n    source: hosted\n    version: \"1.0.0\"\n  flutter:\n    source: sdk\n    version: \"0.0.0\"\n",
        &["pkg:pub/a@1.0.0"],
    ),
    (
        "mix.lock",
        "%{\n  \"a\": {:hex, :a, \"1.0.0\", \"sha\", [:mix], [], \"hexpm\", \"sha\"},\n}\n",
        &["pkg:hex/a@1.0.0"],
    ),
    ("rebar.lock", "[{<<\"a\">>,{pkg,<<\"a\">>,<<\"1.0.0\">>},0}].\n", &["pkg:hex/a@1.0.0"]),
    (
        "stack.yaml.lock",
        "packages:\n- completed:\n    hackage: a-b-1.0@sha256:00,1\n",
        &["pkg:hackage/a-b@1.0"],
    ),
    (
        "cabal.project.freeze",
        "constraints: any.a ==1.0,\n             any.b ==2\n",
        &["pkg:hackage/a@1.0", "pkg:hackage/b@2"],
    ),
    (
        "Package.resolved",
        r#"{"pins":[{"location":"https://github.com/o/a.git","state":{"version":"1.0.0"}}],"version":2}"#,
        &["pkg:swift/github.com/o/a@1.0.0"],
    ),
    (
        "Podfile.lock",
        "PODS:\n  - A/Core (1.0):\n    - B\n  - B (2.0)\n\nDEPENDENCIES:\n  - A/Core\n",
        &["pkg:cocoapods/A@1.0", "pkg:cocoapods/B@2.0"],
    ),
    (
        "pom.xml",
        "<project><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version><scope>test</scope></dependency></dependencies></project>",
        &["pkg:maven/g/a@1"],
    ),
    (
        "lib/apk/db/installed",
        "P:musl\nV:1.2.5-r0\nA:x86_64\n\n",
        &["pkg:apk/musl@1.2.5-r0?arch=x86_64"],
    ),
    (
        "var/lib/pacman/local/a-1.0-1/desc",
        "%NAME%\na\n\n%VERSION%\n1.0-1\n\n%ARCH%\nx86_64\n",
        &["pkg:alpm/a@1.0-1?arch=x86_64"],
    ),
    (
        "bom.spdx.json",
        r#"{"spdxVersion":"SPDX-2.3","packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1.0.0"}]}]}"#,
        &["pkg:npm/a@1.0.0"],
    ),
];

#[test]
fn every_kind_of_file_is_read() {
    for (name, content, want) in CASES {
        let report = scan_bytes(name, content.as_bytes());
        assert_eq!(purls(&report), *want, "{name}: {:?}", report.troubles);
        assert!(report.troubles.is_empty(), "{name}: {:?}", report.troubles);
    }
}

#[test]
fn broken_files_are_troubles_and_nothing_more() {
    for (name, content, _) in CASES {
        for cut in [0, 1, content.len() / 3, content.len() / 2, content.len().saturating_sub(2)] {
            let _ = scan_bytes(name, &content.as_bytes()[..cut]);
        }
        let _ = scan_bytes(name, b"\xff\xfe\x00{[<\"");
    }
}
