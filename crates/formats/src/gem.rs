//! Ruby: `Gemfile.lock` and the file names of installed gem specifications.

/// Most gems taken from one file.
const MAX_GEMS: usize = 10_000;

/// A locked or installed gem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gem {
    /// Name.
    pub name: String,
    /// Version, without the platform.
    pub version: String,
}

/// The gems a `Gemfile.lock` settles on: the entries, four spaces deep, of its `specs:` lists. What they
/// depend on stands deeper and is listed again as an entry of its own.
pub fn parse_lock(text: &str) -> Vec<Gem> {
    let mut gems = Vec::new();
    let mut in_specs = false;
    for line in text.lines() {
        if line.trim() == "specs:" {
            in_specs = true;
        } else if !line.starts_with(' ') {
            in_specs = false;
        } else if in_specs
            && let Some(entry) = line.strip_prefix("    ")
            && let Some((name, rest)) = entry.split_once(" (")
            && let Some(version) = rest.trim_end().strip_suffix(')')
            && !name.starts_with(' ')
        {
            if gems.len() == MAX_GEMS {
                break;
            }
            let version = version.split('-').next().unwrap_or(version);
            gems.push(Gem { name: name.to_owned(), version: version.to_owned() });
        }
    }
    gems
}

/// Splits `rails-7.0.4.gemspec` or `nokogiri-1.15.0-x86_64-linux.gemspec`.
pub fn parse_spec_name(file_name: &str) -> Option<Gem> {
    let stem = file_name.strip_suffix(".gemspec")?;
    let (at, _) = stem.match_indices('-').find(|(at, _)| {
        stem.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })?;
    let version = stem.get(at + 1..)?.split('-').next()?;
    Some(Gem { name: stem.get(..at)?.to_owned(), version: version.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gem(name: &str, version: &str) -> Gem {
        Gem { name: name.into(), version: version.into() }
    }

    #[test]
    fn a_lock_lists_what_it_settled_on() {
        let text = "GEM\n  remote: https://rubygems.org/\n  specs:\n    rails (7.0.4)\n      actionpack (= 7.0.4)\n    nokogiri (1.15.0-x86_64-linux)\n\nPLATFORMS\n    ruby (9)\n\nDEPENDENCIES\n  rails (~> 7)\n";
        assert_eq!(parse_lock(text), [gem("rails", "7.0.4"), gem("nokogiri", "1.15.0")]);
    }

    #[test]
    fn a_specification_is_named_for_its_gem() {
        assert_eq!(parse_spec_name("rails-7.0.4.gemspec"), Some(gem("rails", "7.0.4")));
        assert_eq!(
            parse_spec_name("ruby-prof-1.6.3-x64-mingw.gemspec"),
            Some(gem("ruby-prof", "1.6.3"))
        );
        assert_eq!(parse_spec_name("rails.gemspec"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z (é)\n:-]{0,200}") {
            let _ = parse_lock(&text);
            let _ = parse_spec_name(&text);
        }
    }
}
