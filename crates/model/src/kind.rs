//! The twelve kinds of asset fingerprint.

use crate::fact::Column;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the twelve fingerprint types. The discriminant is stored and sent: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// Local accounts.
    Users = 1,
    /// Whatever starts by itself: services, timers, cron, preloaded libraries.
    AutoLaunch = 2,
    /// Database services.
    Database = 3,
    /// Middleware: jars, Python and npm packages of running services.
    JarPackage = 4,
    /// Listening ports.
    Port = 5,
    /// Running processes.
    Process = 6,
    /// Web applications (content management, wikis, CI servers ...).
    WebCms = 7,
    /// Web frameworks.
    WebFramework = 8,
    /// Web servers.
    WebService = 9,
    /// Web sites.
    WebSite = 10,
    /// Installed software packages.
    App = 11,
    /// Loaded kernel modules.
    KernelModule = 12,
}

impl Kind {
    /// All kinds in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Users,
        Self::AutoLaunch,
        Self::Database,
        Self::JarPackage,
        Self::Port,
        Self::Process,
        Self::WebCms,
        Self::WebFramework,
        Self::WebService,
        Self::WebSite,
        Self::App,
        Self::KernelModule,
    ];

    /// The number that is stored.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Back from [`Kind::code`].
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The `asset_type` word of the export call (HSS, "Exporting Asset Fingerprints").
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::AutoLaunch => "auto_launch",
            Self::Database => "database",
            Self::JarPackage => "jar_package",
            Self::Port => "port",
            Self::Process => "process",
            Self::WebCms => "web_cms",
            Self::WebFramework => "web_framework",
            Self::WebService => "web_service",
            Self::WebSite => "web_site",
            Self::App => "app",
            Self::KernelModule => "kernel_module",
        }
    }

    /// Back from [`Kind::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The columns that say *which* account, port or package this is. Two facts of one host with the same
    /// identity are one thing before and after a change; anything else is a deletion and an addition.
    /// A process is identified by the moment and pid of its start instead (boot, pid, start time).
    pub const fn identity(self) -> &'static [Column] {
        use Column::{
            Arch, BindAddr, CodeType, InstallDir, Name, PackagePath, Path, Port, Protocol, UrlPath,
        };
        match self {
            Self::Users | Self::KernelModule => &[Name],
            Self::AutoLaunch => &[CodeType, Path, Name],
            Self::Database | Self::WebCms | Self::WebService => &[Name, InstallDir],
            Self::JarPackage => &[Path, PackagePath, Name],
            Self::Port => &[Protocol, BindAddr, Port],
            Self::Process => &[],
            Self::WebFramework => &[Name, Path],
            Self::WebSite => &[Name, Port, BindAddr, UrlPath],
            Self::App => &[Name, Arch, InstallDir],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where an asset lives: on the host itself or in one of its containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Category {
    /// The host.
    #[default]
    Host,
    /// A container on the host.
    Container,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_lead_back_to_their_kind() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(Kind::from_code(0), None);
        assert_eq!(Kind::from_name("web-app"), None);
    }
}
