//! Releases of distributions: advisories, package URLs and `os-release` spell them differently.

/// Code names that package URLs use in place of numbers.
const CODE_NAMES: [(&str, &str, &str); 20] = [
    ("Debian", "woody", "3.0"),
    ("Debian", "sarge", "3.1"),
    ("Debian", "etch", "4"),
    ("Debian", "lenny", "5"),
    ("Debian", "squeeze", "6"),
    ("Debian", "wheezy", "7"),
    ("Debian", "jessie", "8"),
    ("Debian", "stretch", "9"),
    ("Debian", "buster", "10"),
    ("Debian", "bullseye", "11"),
    ("Debian", "bookworm", "12"),
    ("Debian", "trixie", "13"),
    ("Debian", "forky", "14"),
    ("Ubuntu", "trusty", "14.04"),
    ("Ubuntu", "xenial", "16.04"),
    ("Ubuntu", "bionic", "18.04"),
    ("Ubuntu", "focal", "20.04"),
    ("Ubuntu", "jammy", "22.04"),
    ("Ubuntu", "noble", "24.04"),
    ("Ubuntu", "resolute", "26.04"),
];

/// The release in the form both sides are filed under; empty where none can be read.
pub(super) fn canonical(ecosystem: &str, text: &str) -> String {
    let lower = text.to_lowercase();
    if let Some((.., number)) =
        CODE_NAMES.iter().find(|(of, name, _)| *of == ecosystem && lower.ends_with(name))
    {
        return (*number).to_owned();
    }
    let number = first_number(&lower);
    match ecosystem {
        // Fixes of paid maintenance are not those of the release.
        "Ubuntu" if lower.contains("pro") => format!("pro-{number}"),
        "Red Hat"
            if ["e4s", "eus", "aus", "tus", "els"].iter().any(|stream| lower.contains(stream)) =>
        {
            format!("{lower}-{number}")
        }
        "Ubuntu" | "Alpine" => parts(&number, 2),
        "Debian" if number.starts_with("3.") => number,
        "SUSE" | "openSUSE" => suse(&lower, &number),
        "openEuler" => {
            lower.trim_start_matches("openeuler").trim_start_matches(['-', ':']).to_owned()
        }
        _ => parts(&number, 1),
    }
}

/// `15 sp5` and `15.5` are one release; Tumbleweed has no number.
fn suse(lower: &str, number: &str) -> String {
    if lower.contains("tumbleweed") {
        return "tumbleweed".to_owned();
    }
    let pack =
        lower.split_once("sp").map(|(_, rest)| first_number(rest)).filter(|pack| !pack.is_empty());
    match pack {
        Some(pack) if !number.contains('.') => format!("{number}.{pack}"),
        _ => number.to_owned(),
    }
}

fn first_number(text: &str) -> String {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let number = text.get(start..).unwrap_or_default();
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    number.get(..end).unwrap_or_default().trim_end_matches('.').to_owned()
}

fn parts(number: &str, count: usize) -> String {
    number.split('.').take(count).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn spellings_of_a_release_are_one() {
        for (ecosystem, texts, expected) in [
            ("Debian", ["12", "debian-12.13", "bookworm", "debian-bookworm"], "12"),
            ("Debian", ["3.1", "sarge", "debian-3.1", "debian-sarge"], "3.1"),
            ("Ubuntu", ["22.04:LTS", "ubuntu-22.04", "jammy", "22.04"], "22.04"),
            ("Alpine", ["v3.18", "alpine-3.18.4", "3.18", "alpine-3.18"], "3.18"),
            ("Red Hat", ["enterprise_linux:9::appstream", "rhel-9.2", "9", "redhat-9"], "9"),
            ("SUSE", ["Linux Enterprise Server 15 SP5", "sles-15.5", "15.5", "suse-15.5"], "15.5"),
            (
                "openEuler",
                ["24.03-LTS", "openeuler-24.03-lts", "24.03-lts", "openEuler:24.03-LTS"],
                "24.03-lts",
            ),
        ] {
            for text in texts {
                assert_eq!(canonical(ecosystem, text), expected, "{ecosystem} {text}");
            }
        }
        assert_eq!(canonical("Ubuntu", "Pro:14.04:LTS"), "pro-14.04");
        assert_eq!(canonical("Debian", "sid"), "");
    }
}
