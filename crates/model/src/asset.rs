//! The twelve kinds as collectors fill them in: one struct each, one field a column.
//!
//! Ranges and units are those of the columns ([`crate::Column`]); the wire meaning of each field is in the
//! HSS list calls of the same kind.

use crate::fact::{Column, Evidence, Fact};
use crate::kind::Kind;

macro_rules! asset {
    ($(#[$doc:meta])* $name:ident = $kind:ident { $($fields:tt)* }) => {
        asset! { $(#[$doc])* $name { $($fields)* } }

        impl From<$name> for Fact {
            fn from(asset: $name) -> Self {
                asset.of(Kind::$kind)
            }
        }
    };
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty => $column:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $ty,)*
            /// Details beyond the columns, by name.
            pub evidence: Evidence,
        }

        impl $name {
            /// The fact of this kind.
            pub fn of(self, kind: Kind) -> Fact {
                let mut fact = Fact::new(kind);
                $(fact.set(Column::$column, self.$field);)*
                for (name, value) in self.evidence {
                    fact.prove(&name, value);
                }
                fact
            }
        }
    };
}

asset! {
    /// A local account. Evidence: `groups`, `authorized_keys` (SHA-256 fingerprints), `sudo` (rules).
    User = Users {
        /// Login name.
        name: String => Name,
        /// Account number.
        uid: u32 => Uid,
        /// Primary group.
        gid: u32 => Gid,
        /// Name of the primary group.
        group_name: String => GroupName,
        /// May log in, with a password or a key.
        login_permission: bool => LoginPermission,
        /// Has root's rights: uid 0 or sudo.
        root_permission: bool => RootPermission,
        /// Home directory.
        home_dir: String => HomeDir,
        /// Login shell.
        shell: String => Shell,
        /// Why the account may or may not log in and act as root.
        reason: String => Reason,
    }
}

asset! {
    /// Something that starts by itself. Evidence: `unit`, `schedule`, `source`.
    AutoLaunch = AutoLaunch {
        /// Unit, script or entry.
        name: String => Name,
        /// 0 service, 1 timed task, 2 preloaded library, 4 startup folder.
        code_type: u16 => CodeType,
        /// The file that starts it.
        path: String => Path,
        /// SHA-256 of that file.
        hash: String => Hash,
        /// The user it runs as.
        run_user: String => RunUser,
        /// The command.
        args: String => Args,
    }
}

asset! {
    /// A database, a web server or a web application: see [`Service::of`].
    Service {
        /// Product name.
        name: String => Name,
        /// Version, as read from the binary, the package or the marker file.
        version: String => Version,
        /// Installation directory, or the program where there is none.
        install_path: String => InstallDir,
        /// Configuration file in use.
        config_path: String => ConfigPath,
        /// Owner of the program file.
        uid: Option<u32> => Uid,
        /// Group of the program file.
        gid: Option<u32> => Gid,
        /// Permission of the program file.
        mode: String => Mode,
        /// Executable of the running process.
        proc_path: String => ProcPath,
        /// Package URL of the product.
        purl: String => Purl,
        /// Package that owns the program.
        owner_purl: String => OwnerPurl,
        /// How it was recognised and where the version comes from.
        reason: String => Reason,
    }
}

asset! {
    /// A jar, Python or npm package of a running service.
    JarPackage = JarPackage {
        /// Component name.
        name: String => Name,
        /// Version from manifest, pom or metadata.
        version: String => Version,
        /// File name.
        file_name: String => FileName,
        /// The vendor's sub-category.
        catalogue: String => Catalogue,
        /// `jar`, `python` or `npm`.
        file_type: String => FileType,
        /// Path of the file; of an embedded one the path inside the outer archive.
        path: String => Path,
        /// SHA-256 of the file.
        hash: String => Hash,
        /// Bytes.
        size: Option<i64> => Size,
        /// Owner.
        uid: Option<u32> => Uid,
        /// Group.
        gid: Option<u32> => Gid,
        /// Permission.
        mode: String => Mode,
        /// Executable of the process that has it loaded.
        proc_path: String => ProcPath,
        /// Lies inside another archive.
        is_embedded: bool => IsEmbedded,
        /// Path of the outer archive.
        package_path: String => PackagePath,
        /// Package URL.
        purl: String => Purl,
    }
}

asset! {
    /// A listening port. Evidence: `netns` when it is not the host's.
    Port = Port {
        /// Port number.
        port: u16 => Port,
        /// `TCP`, `UDP`, `TCP6`, `UDP6`.
        protocol: String => Protocol,
        /// Address listened on.
        bind_addr: String => BindAddr,
        /// `danger`, `normal`, `unknown`.
        status: String => Status,
        /// Executable that holds the socket.
        path: String => Path,
        /// Why the port has its status.
        reason: String => Reason,
    }
}

asset! {
    /// A running process. Evidence: `loads` (mapped libraries and jars), `deleted`, `parent`.
    Process = Process {
        /// Program name.
        name: String => Name,
        /// Executable.
        path: String => Path,
        /// Command line, secret values masked.
        args: String => Args,
        /// The user it runs as.
        run_user: String => RunUser,
        /// Permission of the executable.
        mode: String => Mode,
        /// SHA-256 of the executable.
        hash: String => Hash,
        /// Package that owns the executable.
        owner_purl: String => OwnerPurl,
    }
}

asset! {
    /// A web framework.
    WebFramework = WebFramework {
        /// Framework name.
        name: String => Name,
        /// Version.
        version: String => Version,
        /// File name it was recognised by.
        file_name: String => FileName,
        /// Language: `java`, `python`, `php`, `javascript`, `go`, `ruby`.
        catalogue: String => Catalogue,
        /// `jar`, `python`, `npm`, `php`, `go`, `gem`.
        file_type: String => FileType,
        /// Path of that file.
        path: String => Path,
        /// SHA-256 of that file.
        hash: String => Hash,
        /// Owner.
        uid: Option<u32> => Uid,
        /// Group.
        gid: Option<u32> => Gid,
        /// Permission.
        mode: String => Mode,
        /// Executable of the process that runs it.
        proc_path: String => ProcPath,
        /// Lies inside an archive.
        is_embedded: bool => IsEmbedded,
        /// Package URL.
        purl: String => Purl,
    }
}

asset! {
    /// A web site. Evidence: `aliases`, `config`, `certificate_path`.
    WebSite = WebSite {
        /// Host name; empty for a catch-all is written `_`.
        domain: String => Name,
        /// Port.
        port: u16 => Port,
        /// Address listened on.
        bind_addr: String => BindAddr,
        /// URL path, `/` for the whole site.
        url_path: String => UrlPath,
        /// Web root.
        path: String => Path,
        /// Owner of the web root.
        uid: Option<u32> => Uid,
        /// Group of the web root.
        gid: Option<u32> => Gid,
        /// Permission of the web root.
        mode: String => Mode,
        /// Server software: `nginx`, `apache` ...
        served_by: String => ServedBy,
        /// Configuration file that defines it.
        config_path: String => ConfigPath,
        /// Executable of the server.
        proc_path: String => ProcPath,
        /// Served by HTTPS.
        is_https: bool => IsHttps,
        /// Issuer of the certificate.
        cert_issuer: String => CertIssuer,
        /// Subject of the certificate.
        cert_subject: String => CertSubject,
        /// Start of validity, seconds since 1970.
        cert_not_before: Option<i64> => CertNotBefore,
        /// End of validity, seconds since 1970.
        cert_not_after: Option<i64> => CertNotAfter,
        /// SHA-256 of the certificate.
        cert_sha256: String => CertSha256,
    }
}

asset! {
    /// An installed package. Evidence: `source` (name and version of the source package).
    App = App {
        /// Package name.
        name: String => Name,
        /// Version.
        version: String => Version,
        /// Architecture.
        arch: String => Arch,
        /// Installation directory, where the package manager knows one.
        install_dir: String => InstallDir,
        /// Package URL.
        purl: String => Purl,
        /// `dpkg`, `rpm`, `apk`, `pacman`, `snap`, `flatpak`.
        file_type: String => FileType,
    }
}

asset! {
    /// A loaded kernel module.
    KernelModule = KernelModule {
        /// Module name.
        name: String => Name,
        /// File name.
        file_name: String => FileName,
        /// Version from `.modinfo`.
        version: String => Version,
        /// Source version from `.modinfo`.
        srcversion: String => SrcVersion,
        /// Path of the file.
        path: String => Path,
        /// Bytes in memory, as `/proc/modules` gives them.
        size: Option<i64> => Size,
        /// Permission of the file.
        mode: String => Mode,
        /// Owner of the file.
        uid: Option<u32> => Uid,
        /// SHA-256 of the file.
        hash: String => Hash,
        /// Description from `.modinfo`.
        description: String => Description,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_becomes_a_fact_without_its_empty_fields() {
        let user = User {
            name: "root".into(),
            uid: 0,
            login_permission: true,
            shell: "/bin/bash".into(),
            ..User::default()
        };
        let fact = Fact::from(user);
        assert_eq!(fact.kind(), Kind::Users);
        assert_eq!(fact.text(Column::Name), "root");
        assert_eq!(fact.int(Column::Uid), Some(0));
        assert!(fact.flag(Column::LoginPermission));
        assert_eq!(fact.get(Column::HomeDir), None);
        assert_eq!(fact.identity(), "root\0");
    }
}
