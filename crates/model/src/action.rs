//! The names of what can be done. Rights are granted on these, the audit log records them.

use std::fmt;

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident $name:literal $access:ident $(aka $alias:literal)?;)*) => {
        /// An action in the vendors' `service:resource:verb` form.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $variant,)* }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// `service:resource:verb`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Every name policies may call it by, [`Action::name`] first.
            pub const fn names(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$name $(, $alias)?],)* }
            }

            /// The action of this name, or one that goes under it too.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.names().contains(&name))
            }

            /// How far the action reaches.
            pub const fn access(self) -> Access {
                match self { $(Self::$variant => Access::$access,)* }
            }
        }
    };
}

/// How far an action reaches; the built-in roles are drawn along this line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looks, changes nothing.
    Read,
    /// Changes state.
    Write,
    /// Hands out a secret: looking rights are not enough, and the record is on the disk before it leaves.
    Secret,
    /// Changes who may do what.
    Permissions,
}

actions! {
    /// List, count and look into fingerprints and their history.
    AssetList "hss:asset:list" Read;
    /// Export fingerprints into a file, follow the task, download the file.
    AssetExport "hss:asset:export" Read;
    /// Ask a host's agent for a sweep.
    AssetCollect "hss:asset:collect" Write;
    /// List hosts and container nodes.
    HostList "hss:host:list" Read;
    /// Add a host, change what its owner says of it.
    HostUpdate "hss:host:update" Write;
    /// Switch the protection of hosts on and off.
    HostProtect "hss:host:switchVersion" Write;
    /// List security events.
    EventList "hss:event:list" Read;
    /// Say what was done about security events.
    EventHandle "hss:event:handle" Write;
    /// List vulnerabilities, and the hosts that have them.
    VulnerabilityList "hss:vulnerability:list" Read;
    /// Make an enrolment token.
    AgentEnrol "hss:agent:enrol" Write;
    /// Revoke an agent's key.
    AgentRevoke "hss:agent:revoke" Write;
    /// List key pairs.
    KeypairList "kps:keypair:list" Read;
    /// Look into a key pair, and what it opens.
    KeypairGet "kps:keypair:get" Read;
    /// Make or import a key pair.
    KeypairCreate "kps:keypair:create" Write;
    /// Change what is said of a key pair.
    KeypairUpdate "kps:keypair:update" Write;
    /// Delete a key pair.
    KeypairDelete "kps:keypair:delete" Write;
    /// Bind, replace or unbind a key pair on a host.
    KeypairBind "kps:keypair:bind" Write;
    /// Keep the private key of a key pair.
    PrivateKeyImport "kps:privateKey:import" Write;
    /// Hand out the private key of a key pair.
    PrivateKeyExport "kps:privateKey:export" Secret;
    /// Forget the private key of a key pair.
    PrivateKeyClear "kps:privateKey:clear" Write;
    /// List tasks that bind key pairs.
    KeypairTaskList "kps:task:list" Read;
    /// Forget failed tasks.
    KeypairTaskDelete "kps:task:delete" Write;
    /// List projects.
    ProjectList "iam:project:list" Read;
    /// List users.
    UserList "iam:user:list" Read;
    /// Create, change, delete users.
    UserUpdate "iam:user:update" Permissions;
    /// List and show access keys.
    AccessKeyList "iam:accessKey:list" Read;
    /// Create, switch, delete access keys.
    AccessKeyUpdate "iam:accessKey:update" Permissions;
    /// List groups, their members, the groups of a user.
    GroupList "iam:group:list" Read;
    /// Create, change, delete groups, say who is in them.
    GroupUpdate "iam:group:update" Permissions;
    /// List agencies and what they have.
    AgencyList "iam:agency:list" Read;
    /// Create, change, delete agencies.
    AgencyUpdate "iam:agency:update" Permissions;
    /// Act as an agency.
    AgencyAssume "iam:agency:assume" Permissions aka "iam:tokens:assume";
    /// List and show policies and who has them.
    PolicyList "iam:policy:list" Read;
    /// Create, change, delete policies.
    PolicyUpdate "iam:policy:update" Permissions;
    /// Give policies to groups and agencies and take them away.
    PolicyAssign "iam:policy:assign" Permissions;
    /// Ask what policies would decide.
    PolicySimulate "iam:policy:simulate" Read;
    /// Create and change projects.
    ProjectUpdate "iam:project:update" Write;
    /// See who one is: own account, projects, catalogue.
    IdentityShow "iam:identity:get" Read;
    /// Get a token by password.
    TokenCreate "iam:token:create" Read;
    /// Check somebody's token.
    TokenValidate "iam:token:validate" Read;
    /// List certificates and their tags.
    CertList "scm:cert:list" Read;
    /// Look into a certificate.
    CertShow "scm:cert:get" Read;
    /// Import a certificate with its key.
    CertImport "scm:cert:import" Write;
    /// Export a certificate with its key.
    CertExport "scm:cert:export" Secret;
    /// Order, apply for, cancel a certificate.
    CertApply "scm:cert:apply" Write;
    /// Approve or refuse an application, revoke a certificate.
    CertIssue "scm:cert:issue" Permissions;
    /// Delete a certificate.
    CertDelete "scm:cert:delete" Write;
    /// Hand a certificate to a service.
    CertPush "scm:cert:push" Write;
    /// Change tags and notices of a certificate.
    CertUpdate "scm:cert:update" Write;
    /// List and show certificate requests.
    CsrList "scm:csr:list" Read;
    /// Make, upload, rename certificate requests.
    CsrCreate "scm:csr:create" Write;
    /// Delete a certificate request.
    CsrDelete "scm:csr:delete" Write;
    /// Export the private key of a certificate request.
    CsrExport "scm:csr:export" Secret;
    /// See which keys seal what.
    VaultShow "muster:vault:get" Read;
    /// Rotate the keys that seal, wrap everything anew.
    VaultRotate "muster:vault:rotate" Permissions;
    /// Follow tasks of composition analysis and read what they found.
    ScaTaskGet "sca:task:get" Read;
    /// Hand in artifacts, make, cancel and forget tasks.
    ScaTaskCreate "sca:task:create" Write;
    /// Write and forget policies that artifacts are judged by.
    ScaPolicyUpdate "sca:policy:update" Write;
    /// List access keys of the SCA open API.
    ScaKeyList "sca:accessKey:list" Read;
    /// Make, switch and remove access keys of the SCA open API.
    ScaKeyUpdate "sca:accessKey:update" Permissions;
    /// Read the audit log.
    AuditList "muster:audit:list" Read;
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
