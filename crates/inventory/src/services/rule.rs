//! What a rule on a product is made of. The products stand in [`super::databases`] and
//! [`super::web_servers`].

use muster_formats::version_strings::Probe;
use muster_model::Kind;

/// How to recognise a product, its version and its configuration.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Product name.
    pub(crate) name: &'static str,
    /// [`Kind::Database`] or [`Kind::WebService`].
    pub(crate) kind: Kind,
    /// The marks are those of other products too: the rule holds only where one of `version` answers.
    /// Such rules stand before the one that holds anyway.
    pub(crate) strict: bool,
    /// What its processes look like.
    pub(crate) marks: &'static [Mark],
    /// JVM system properties that name its home.
    pub(crate) home: &'static [&'static str],
    /// Programs at their usual places; every component may be a pattern.
    pub(crate) programs: &'static [&'static str],
    /// The file below a home by which an installation is told when it does not run.
    pub(crate) marker: &'static str,
    /// Homes at unusual places, as patterns; the usual ones are looked at for every marker.
    pub(crate) homes: &'static [&'static str],
    /// Where the version is found. After these come the owning package and the home's name.
    pub(crate) version: &'static [Source],
    /// Where the configuration is found; the first that answers.
    pub(crate) config: &'static [At],
    /// Whose language the configuration speaks, if it tells of sites.
    pub(crate) sites: Option<Dialect>,
}

impl Rule {
    /// To be completed by `..Rule::of(...)`.
    pub(crate) const fn of(kind: Kind, name: &'static str) -> Self {
        Self {
            name,
            kind,
            strict: false,
            marks: &[],
            home: &[],
            programs: &[],
            marker: "",
            homes: &[],
            version: &[],
            config: &[],
            sites: None,
        }
    }
}

/// What a process of a product looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    /// File name of its executable.
    Program(&'static str),
    /// File name of its executable and, the executable being shared, the name it was started by.
    Called(&'static str, &'static str),
    /// Main class of a JVM.
    Main(&'static str),
    /// Artifact name of the archive a JVM was started with.
    Jar(&'static str),
    /// Artifact that lies inside the archive a JVM was started with.
    Embedded(&'static str),
    /// Script or module a Python interpreter runs.
    Python(&'static str),
    /// Any script run by this interpreter.
    Runs(&'static str),
}

impl Mark {
    /// The name it is looked up by.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Program(name)
            | Self::Called(name, _)
            | Self::Main(name)
            | Self::Jar(name)
            | Self::Embedded(name)
            | Self::Python(name)
            | Self::Runs(name) => name,
        }
    }
}

/// Where a version is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// In the program, by the text around it; the first probe that finds anything.
    Program(&'static [Probe]),
    /// In a file below the home.
    File(&'static str, Probe),
    /// In the name of `<directory>/<artifact>-<version>.jar` below the home.
    JarName(&'static str, &'static str),
    /// In the manifest of an archive below the home.
    Manifest(&'static str),
    /// The version of a module linked into a Go program.
    Go(&'static str),
    /// In the metadata of a Python distribution.
    Python(&'static str),
}

/// Where a configuration file is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    /// The value of an argument: `-c FILE`, `--config FILE`, `--config=FILE`, or, the name ending in
    /// `=`, anything behind it.
    Flag(&'static str),
    /// A file below the directory an argument names.
    FlagDir(&'static str, &'static str),
    /// The first argument that is no option.
    Positional,
    /// A file below the directory a JVM system property names.
    Property(&'static str, &'static str),
    /// A file below the home.
    Home(&'static str),
    /// What the program was built with, by the text before it.
    Built(Probe),
    /// A usual place; every component may be a pattern, and `{}` is the last component of the home.
    Usual(&'static str),
}

/// A language of web server configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// nginx and its relatives.
    Nginx,
    /// Apache httpd.
    Apache,
    /// Tomcat.
    Tomcat,
    /// Caddy.
    Caddy,
}
