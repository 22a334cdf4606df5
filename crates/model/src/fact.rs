//! The content of an asset: equal wherever it occurs, hence stored once and known by its hash.
//!
//! A [`Fact`] holds typed columns (whatever is filtered, sorted or exported) and evidence (the rest).
//! What differs from host to host although the content is the same (pid, start, file times) is not part
//! of the fact but of its sighting: see [`crate::report::Volatile`].

use crate::{Error, Kind, Result};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// What type a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// UTF-8 without NUL.
    Text,
    /// A signed 64-bit number.
    Int,
    /// Yes or no; stored as 1 or 0.
    Bool,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $code:literal $variant:ident $name:literal $ty:ident;)*) => {
        /// A typed column of a fact. The code goes into the hash and the name onto the wire and into the
        /// schema: neither is ever reused for something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Column { $($(#[$doc])* $variant = $code,)* }

        impl Column {
            /// Every column, by code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The column's name in the schema and in the agent protocol.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The column's type.
            pub const fn column_type(self) -> ColumnType {
                match self { $(Self::$variant => ColumnType::$ty,)* }
            }

            /// Back from [`Column::name`].
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

columns! {
    /// What people call it: login name, package, service, domain of a site, module, program.
    1 Name "name" Text;
    /// Version as the source writes it.
    2 Version "version" Text;
    /// The file or directory it lives in; of a port or process the executable.
    3 Path "path" Text;
    /// File name without directory.
    4 FileName "file_name" Text;
    /// The vendor's sub-category.
    5 Catalogue "catalogue" Text;
    /// `jar`, `python`, `npm` ...
    6 FileType "file_type" Text;
    /// SHA-256 of the file, 64 lower hexadecimal digits.
    7 Hash "hash" Text;
    /// Permission bits, four octal digits (`0755`).
    8 Mode "mode" Text;
    /// Owner of the file; of an account its number.
    9 Uid "uid" Int;
    /// Group of the file; of an account its primary group.
    10 Gid "gid" Int;
    /// Bytes.
    11 Size "size" Int;
    /// Port number, 1 to 65535.
    12 Port "port" Int;
    /// `TCP`, `UDP`, `TCP6`, `UDP6`.
    13 Protocol "protocol" Text;
    /// Address listened on.
    14 BindAddr "bind_addr" Text;
    /// `danger`, `normal`, `unknown`.
    15 Status "status" Text;
    /// May log in.
    16 LoginPermission "login_permission" Bool;
    /// Has root's rights.
    17 RootPermission "root_permission" Bool;
    /// Name of the account's primary group.
    18 GroupName "group_name" Text;
    /// Home directory.
    19 HomeDir "home_dir" Text;
    /// Login shell.
    20 Shell "shell" Text;
    /// Auto-start type: 0 service, 1 timed task, 2 preloaded library, 3 Run key, 4 startup folder.
    21 CodeType "code_type" Int;
    /// The user it runs as.
    22 RunUser "run_user" Text;
    /// Configuration file.
    23 ConfigPath "config_path" Text;
    /// Installation directory.
    24 InstallDir "install_dir" Text;
    /// Executable of the process that runs or has loaded it.
    25 ProcPath "proc_path" Text;
    /// Inside another archive.
    26 IsEmbedded "is_embedded" Bool;
    /// Path of the outer archive.
    27 PackagePath "package_path" Text;
    /// Command line after the program, with secret values masked.
    28 Args "args" Text;
    /// URL path of a site.
    29 UrlPath "url_path" Text;
    /// The server software that serves a site.
    30 ServedBy "served_by" Text;
    /// Served by HTTPS.
    31 IsHttps "is_https" Bool;
    /// Issuer of the site's certificate.
    32 CertIssuer "cert_issuer" Text;
    /// Subject of the site's certificate.
    33 CertSubject "cert_subject" Text;
    /// Start of the certificate's validity, seconds since 1970.
    34 CertNotBefore "cert_not_before" Int;
    /// End of the certificate's validity, seconds since 1970.
    35 CertNotAfter "cert_not_after" Int;
    /// SHA-256 of the certificate (DER), lower hexadecimal.
    36 CertSha256 "cert_sha256" Text;
    /// `srcversion` of a kernel module.
    37 SrcVersion "srcversion" Text;
    /// What it says of itself.
    38 Description "description" Text;
    /// Architecture of a package.
    39 Arch "arch" Text;
    /// Package URL (purl), without qualifiers that differ from host to host.
    40 Purl "purl" Text;
    /// Package URL of the operating-system package that owns the executable or file.
    41 OwnerPurl "owner_purl" Text;
    /// Why: one line for people on how a derived value came about.
    42 Reason "reason" Text;
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// For [`ColumnType::Bool`].
    Bool(bool),
    /// For [`ColumnType::Int`].
    Int(i64),
    /// For [`ColumnType::Text`].
    Text(String),
}

impl Value {
    const fn fits(&self, ty: ColumnType) -> bool {
        matches!(
            (self, ty),
            (Self::Bool(_), ColumnType::Bool)
                | (Self::Int(_), ColumnType::Int)
                | (Self::Text(_), ColumnType::Text)
        )
    }
}

/// Anything that can stand in a column. `None` and empty texts are not stored.
pub trait IntoValue {
    /// The value, or nothing.
    fn into_value(self) -> Option<Value>;
}
impl IntoValue for String {
    fn into_value(self) -> Option<Value> {
        // Storage refuses NUL in text, and a foreign file may hold one.
        let text = if self.contains('\0') { self.replace('\0', "\u{fffd}") } else { self };
        (!text.is_empty()).then_some(Value::Text(text))
    }
}
impl IntoValue for bool {
    fn into_value(self) -> Option<Value> {
        Some(Value::Bool(self))
    }
}
impl IntoValue for i64 {
    fn into_value(self) -> Option<Value> {
        Some(Value::Int(self))
    }
}
impl IntoValue for u32 {
    fn into_value(self) -> Option<Value> {
        Some(Value::Int(i64::from(self)))
    }
}
impl IntoValue for u16 {
    fn into_value(self) -> Option<Value> {
        Some(Value::Int(i64::from(self)))
    }
}
impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Option<Value> {
        self.and_then(IntoValue::into_value)
    }
}

/// Evidence beside the columns: multi-valued or rarely asked details, by name.
pub type Evidence = BTreeMap<String, serde_json::Value>;

/// The first 16 bytes of the SHA-256 of a fact's canonical form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactHash(pub [u8; 16]);

impl fmt::Debug for FactHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The content of one asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    kind: Kind,
    values: Vec<(Column, Value)>,
    evidence: Evidence,
}

impl Fact {
    /// Longest text a column may hold, in bytes. Collectors cut, the server refuses.
    pub const MAX_TEXT: usize = 16 * 1024;
    /// Longest evidence, in bytes of JSON.
    pub const MAX_EVIDENCE: usize = 64 * 1024;

    /// A fact of `kind` without any column yet.
    pub const fn new(kind: Kind) -> Self {
        Self { kind, values: Vec::new(), evidence: Evidence::new() }
    }

    /// Which of the twelve.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Sets a column; `None` or an empty text leaves it unset. Texts are cut at [`Fact::MAX_TEXT`].
    pub fn set(&mut self, column: Column, value: impl IntoValue) {
        let Some(mut value) = value.into_value() else { return };
        debug_assert!(value.fits(column.column_type()), "{column:?} does not take {value:?}");
        if let Value::Text(text) = &mut value {
            truncate(text, Self::MAX_TEXT);
        }
        match self.values.binary_search_by_key(&column, |(c, _)| *c) {
            Ok(at) => {
                if let Some(slot) = self.values.get_mut(at) {
                    slot.1 = value;
                }
            }
            Err(at) => self.values.insert(at, (column, value)),
        }
    }

    /// Adds a piece of evidence.
    pub fn prove(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.evidence.insert(name.to_owned(), value.into());
    }

    /// The value of a column, if set.
    pub fn get(&self, column: Column) -> Option<&Value> {
        let at = self.values.binary_search_by_key(&column, |(c, _)| *c).ok()?;
        self.values.get(at).map(|(_, value)| value)
    }

    /// A text column, empty if unset.
    pub fn text(&self, column: Column) -> &str {
        match self.get(column) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// A number, if set.
    pub fn int(&self, column: Column) -> Option<i64> {
        match self.get(column) {
            Some(Value::Int(int)) => Some(*int),
            Some(Value::Bool(bool)) => Some(i64::from(*bool)),
            _ => None,
        }
    }

    /// A yes or no; unset is no.
    pub fn flag(&self, column: Column) -> bool {
        matches!(self.get(column), Some(Value::Bool(true)))
    }

    /// All set columns in the order of their codes.
    pub fn values(&self) -> &[(Column, Value)] {
        &self.values
    }

    /// The evidence.
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The evidence as canonical JSON, empty if there is none.
    pub fn evidence_json(&self) -> String {
        if self.evidence.is_empty() {
            return String::new();
        }
        serde_json::to_string(&self.evidence).unwrap_or_default()
    }

    /// The hash of the content: kind, every column in the order of its code, evidence. Every part carries
    /// its length, so that no two contents share an encoding.
    pub fn hash(&self) -> FactHash {
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        digest.update(&[self.kind.code()]);
        for (column, value) in &self.values {
            match value {
                Value::Bool(bool) => digest.update(&[*column as u8, 0, u8::from(*bool)]),
                Value::Int(int) => {
                    digest.update(&[*column as u8, 1]);
                    digest.update(&int.to_le_bytes());
                }
                Value::Text(text) => {
                    digest.update(&[*column as u8, 2]);
                    digest.update(&(text.len() as u64).to_le_bytes());
                    digest.update(text.as_bytes());
                }
            }
        }
        if !self.evidence.is_empty() {
            digest.update(&[0]);
            digest.update(self.evidence_json().as_bytes());
        }
        let mut hash = [0; 16];
        for (to, from) in hash.iter_mut().zip(digest.finish().as_ref()) {
            *to = *from;
        }
        FactHash(hash)
    }

    /// The values of the kind's identity columns, joined by NUL: equal for the thing before and after a
    /// change. Empty for processes, whose identity is their start.
    pub fn identity(&self) -> String {
        let mut key = String::new();
        for column in self.kind.identity() {
            match self.get(*column) {
                Some(Value::Text(text)) => key.push_str(text),
                Some(Value::Int(int)) => key.push_str(&int.to_string()),
                Some(Value::Bool(bool)) => key.push_str(if *bool { "1" } else { "0" }),
                None => {}
            }
            key.push('\0');
        }
        key
    }

    /// Checks a fact that came from outside.
    ///
    /// # Errors
    /// `Invalid` when a text is longer than [`Fact::MAX_TEXT`], holds a NUL, or the evidence is longer
    /// than [`Fact::MAX_EVIDENCE`].
    pub fn check(&self) -> Result<()> {
        for (column, value) in &self.values {
            if let Value::Text(text) = value {
                if text.len() > Self::MAX_TEXT {
                    return Err(Error::invalid(column.name(), "longer than 16384 bytes"));
                }
                if text.contains('\0') {
                    return Err(Error::invalid(column.name(), "holds a NUL character"));
                }
            }
        }
        if self.evidence_json().len() > Self::MAX_EVIDENCE {
            return Err(Error::invalid("evidence", "longer than 65536 bytes"));
        }
        Ok(())
    }
}

/// Cuts `text` to at most `max` bytes at a character boundary.
fn truncate(text: &mut String, max: usize) {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
    }
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let evidence = usize::from(!self.evidence.is_empty());
        let mut map = serializer.serialize_map(Some(self.values.len() + 1 + evidence))?;
        map.serialize_entry("kind", &self.kind)?;
        for (column, value) in &self.values {
            map.serialize_entry(column.name(), value)?;
        }
        if evidence == 1 {
            map.serialize_entry("evidence", &self.evidence)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct FactVisitor;
        impl<'de> Visitor<'de> for FactVisitor {
            type Value = Fact;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a fact: its kind, its columns, its evidence")
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Fact, A::Error> {
                let mut kind = None;
                let mut fact = Fact::new(Kind::Users);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "kind" => kind = Some(map.next_value()?),
                        "evidence" => fact.evidence = map.next_value()?,
                        other => {
                            let column = Column::from_name(other).ok_or_else(|| {
                                de::Error::custom(format_args!(
                                    "unknown column {other}: is the agent newer than the server?"
                                ))
                            })?;
                            let value: Value = map.next_value()?;
                            if !value.fits(column.column_type()) {
                                return Err(de::Error::custom(format_args!(
                                    "{other} has the wrong type"
                                )));
                            }
                            match fact.values.binary_search_by_key(&column, |(c, _)| *c) {
                                Ok(_) => {
                                    return Err(de::Error::custom(format_args!(
                                        "{other} occurs twice"
                                    )));
                                }
                                Err(at) => fact.values.insert(at, (column, value)),
                            }
                        }
                    }
                }
                fact.kind = kind.ok_or_else(|| de::Error::missing_field("kind"))?;
                Ok(fact)
            }
        }
        deserializer.deserialize_map(FactVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Fact {
        let mut fact = Fact::new(Kind::App);
        fact.set(Column::Version, "1.2".to_owned());
        fact.set(Column::Name, "curl".to_owned());
        fact.set(Column::Arch, String::new());
        fact.prove("source", "curl");
        fact
    }

    #[test]
    fn the_hash_depends_on_content_and_not_on_the_order_of_setting() {
        let mut other = Fact::new(Kind::App);
        other.prove("source", "curl");
        other.set(Column::Name, "curl".to_owned());
        other.set(Column::Version, "1.1".to_owned());
        assert_ne!(sample().hash(), other.hash());
        other.set(Column::Version, "1.2".to_owned());
        assert_eq!(sample().hash(), other.hash());
    }

    #[test]
    fn a_fact_survives_its_json() {
        let json = serde_json::to_string(&sample()).unwrap();
        assert_eq!(
            json,
            r#"{"kind":"app","name":"curl","version":"1.2","evidence":{"source":"curl"}}"#
        );
        let back: Fact = serde_json::from_str(&json).unwrap();
        assert_eq!(back, sample());
        assert_eq!(back.hash(), sample().hash());
    }

    #[test]
    fn foreign_json_is_refused_with_a_reason() {
        for (json, why) in [
            (r#"{"kind":"app","nam":"x"}"#, "unknown column nam"),
            (r#"{"kind":"app","port":"80"}"#, "port has the wrong type"),
            (r#"{"kind":"app","name":"a","name":"b"}"#, "name occurs twice"),
            (r#"{"name":"a"}"#, "missing field `kind`"),
        ] {
            let error = serde_json::from_str::<Fact>(json).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_character_and_nul_is_replaced() {
        let mut fact = Fact::new(Kind::Process);
        fact.set(Column::Args, "é".repeat(Fact::MAX_TEXT));
        assert_eq!(fact.text(Column::Args).len(), Fact::MAX_TEXT);
        fact.set(Column::Name, "a\0b".to_owned());
        assert_eq!(fact.text(Column::Name), "a\u{fffd}b");
        assert!(fact.check().is_ok());
    }

    #[test]
    fn column_names_lead_back_to_their_column() {
        for column in Column::ALL {
            assert_eq!(Column::from_name(column.name()), Some(*column));
        }
    }
}
