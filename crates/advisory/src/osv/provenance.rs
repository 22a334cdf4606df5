//! Who states an advisory, and under which licence.

/// Prefixes of numbers with their publishers and the licences of their data.
const PUBLISHERS: [(&str, &str, &str); 22] = [
    ("GHSA-", "GitHub Advisory Database", "CC-BY-4.0"),
    ("PYSEC-", "Python Packaging Advisory Database", "CC-BY-4.0"),
    ("GO-", "Go Vulnerability Database", "CC-BY-4.0"),
    ("RUSTSEC-", "RustSec Advisory Database", "CC0-1.0"),
    ("BIT-", "Bitnami Vulnerability Database", "Apache-2.0"),
    ("MAL-", "OpenSSF Malicious Packages", "Apache-2.0"),
    ("HSEC-", "Haskell Security Advisory DB", "CC0-1.0"),
    ("RSEC-", "R Consortium Advisory Database", "Apache-2.0"),
    ("DSA-", "Debian Security Tracker", "not stated"),
    ("DLA-", "Debian Security Tracker", "not stated"),
    ("DTSA-", "Debian Security Tracker", "not stated"),
    ("DEBIAN-", "Debian Security Tracker", "not stated"),
    ("USN-", "Ubuntu Security Notices", "CC-BY-SA-4.0"),
    ("UBUNTU-", "Ubuntu Security Notices", "CC-BY-SA-4.0"),
    ("ALPINE-", "Alpine Security Database", "CC-BY-SA-4.0"),
    ("RHSA-", "Red Hat Security Data", "CC-BY-4.0"),
    ("RLSA-", "Rocky Linux", "BSD-3-Clause"),
    ("ALSA-", "AlmaLinux", "MIT"),
    ("SUSE-", "SUSE Security", "CC-BY-NC-4.0"),
    ("openSUSE-", "SUSE Security", "CC-BY-NC-4.0"),
    ("OESA-", "openEuler", "not stated"),
    ("CVE-", "CVE Program", "CVE terms of use"),
];

/// Publishers that converted records name in `database_specific.source`.
const CONVERTED: [(&str, &str); 6] = [
    ("GitLab", "MIT"),
    ("gitlab", "MIT"),
    ("ruby-advisory-db", "public domain"),
    ("FriendsOfPHP", "Unlicense"),
    ("Debian", "not stated"),
    ("GHSA", "CC-BY-4.0"),
];

/// Name and licence: what the record itself names comes first.
pub(super) fn of(id: &str, named: &str) -> (String, &'static str) {
    let by_prefix = PUBLISHERS.iter().find(|(prefix, ..)| id.starts_with(prefix));
    if named.is_empty() || named.len() > 200 {
        return by_prefix.map_or_else(
            || ("unknown publisher".to_owned(), "not stated"),
            |(_, name, licence)| ((*name).to_owned(), licence),
        );
    }
    let licence = CONVERTED
        .iter()
        .find(|(word, _)| named.contains(word))
        .map(|(_, licence)| *licence)
        .or_else(|| by_prefix.map(|(.., licence)| *licence));
    (named.to_owned(), licence.unwrap_or("not stated"))
}
