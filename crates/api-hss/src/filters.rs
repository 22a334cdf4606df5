//! What the lists, the statistics and the exports of each kind can be filtered by: one table for all.

use crate::query::{text, word};
use muster_http::Params;
use muster_model::{Column, Error, Kind, Result, Value};
use muster_service::assets::Filter;

/// How a parameter's text is read and what it is compared with.
#[derive(Clone, Copy)]
enum Field {
    Text(Column),
    Word(Column, &'static [&'static str]),
    Int(Column, i64, i64),
    Flag(Column),
    /// A part of the number.
    Digits(Column),
    HostId,
    HostName,
    HostIp,
}

const PROTOCOLS: &[&str] = &["TCP", "UDP", "TCP6", "UDP6"];
const STATUSES: &[&str] = &["danger", "normal", "unknown"];

const HOST: &[(&str, Field)] = &[
    ("host_id", Field::HostId),
    ("host_name", Field::HostName),
    ("host_ip", Field::HostIp),
    ("private_ip", Field::HostIp),
];

/// The parameters of a kind beyond those of its host.
const fn own(kind: Kind) -> &'static [(&'static str, Field)] {
    use Field::{Digits, Flag, Int, Text, Word};
    match kind {
        Kind::Users => &[
            ("user_name", Text(Column::Name)),
            ("login_permission", Flag(Column::LoginPermission)),
            ("root_permission", Flag(Column::RootPermission)),
            ("user_group", Text(Column::GroupName)),
        ],
        Kind::AutoLaunch => &[("name", Text(Column::Name)), ("type", Int(Column::CodeType, 0, 4))],
        Kind::Database | Kind::WebCms | Kind::WebService => &[
            ("name", Text(Column::Name)),
            ("version", Text(Column::Version)),
            ("install_dir", Text(Column::InstallDir)),
        ],
        Kind::JarPackage | Kind::WebFramework => &[("file_name", Text(Column::FileName))],
        Kind::Port => &[
            ("port", Int(Column::Port, 1, 65_535)),
            ("port_string", Digits(Column::Port)),
            ("type", Word(Column::Protocol, PROTOCOLS)),
            ("status", Word(Column::Status, STATUSES)),
        ],
        Kind::Process => &[("path", Text(Column::Path))],
        Kind::WebSite => &[("domain", Text(Column::Name))],
        Kind::App => &[
            ("app_name", Text(Column::Name)),
            ("version", Text(Column::Version)),
            ("install_dir", Text(Column::InstallDir)),
        ],
        Kind::KernelModule => &[("name", Text(Column::Name))],
    }
}

/// Whether `name` filters this kind.
pub(crate) fn knows(kind: Kind, name: &str) -> bool {
    name == "part_match" || HOST.iter().chain(own(kind)).any(|(known, _)| *known == name)
}

/// The filters a list call of `kind` asks for, and an export, whose `search_param` has a list's parameters
/// and those of the statistics. Texts match exactly unless `part_match=true`.
pub(crate) fn of_list(kind: Kind, params: &Params) -> Result<Vec<Filter>> {
    let part = params.flag("part_match")?.unwrap_or(false);
    decode(HOST.iter().chain(own(kind)), params, part)
}

/// The filters a statistics call of `kind` asks for. Only account names match in part (the contract says
/// so of them alone).
pub(crate) fn of_statistics(kind: Kind, params: &Params) -> Result<Vec<Filter>> {
    decode(own(kind).iter(), params, kind == Kind::Users)
}

/// The filter for one host, named in the path.
pub(crate) fn host(id: &str) -> Filter {
    Filter::HostId(id.to_owned())
}

fn decode<'a>(
    fields: impl Iterator<Item = &'a (&'static str, Field)>,
    params: &Params,
    part: bool,
) -> Result<Vec<Filter>> {
    let mut filters = Vec::new();
    for (name, field) in fields {
        filters.extend(one(name, *field, params, part)?);
    }
    Ok(filters)
}

fn one(name: &'static str, field: Field, params: &Params, part: bool) -> Result<Option<Filter>> {
    Ok(match field {
        Field::Text(column) => text(params, name)?.map(|text| match part {
            true => Filter::Contains(column, text.to_owned()),
            false => Filter::Equals(column, Value::Text(text.to_owned())),
        }),
        Field::Word(column, words) => word(params, name, words)?
            .map(|word| Filter::Equals(column, Value::Text(word.to_owned()))),
        Field::Int(column, min, max) => {
            params.int(name, min..=max)?.map(|int| Filter::Equals(column, Value::Int(int)))
        }
        Field::Flag(column) => {
            params.flag(name)?.map(|flag| Filter::Equals(column, Value::Bool(flag)))
        }
        Field::Digits(column) => match text(params, name)? {
            None => None,
            Some(digits) if digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Some(Filter::Contains(column, digits.to_owned()))
            }
            Some(_) => return Err(Error::invalid(name, "must be 1 to 5 digits")),
        },
        Field::HostId => text(params, name)?.map(host),
        Field::HostName => {
            text(params, name)?.map(|text| Filter::HostName { text: text.to_owned(), exact: !part })
        }
        Field::HostIp => {
            text(params, name)?.map(|text| Filter::HostIp { text: text.to_owned(), exact: !part })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        Params::parse(query).unwrap()
    }

    #[test]
    fn texts_match_exactly_unless_part_match() {
        let exact = of_list(Kind::App, &params("app_name=curl&host_name=web&limit=10")).unwrap();
        assert_eq!(
            exact,
            [
                Filter::HostName { text: "web".into(), exact: true },
                Filter::Equals(Column::Name, Value::Text("curl".into())),
            ]
        );
        let part = of_list(Kind::App, &params("app_name=curl&part_match=true")).unwrap();
        assert_eq!(part, [Filter::Contains(Column::Name, "curl".into())]);
        let accounts = of_statistics(Kind::Users, &params("user_name=ro")).unwrap();
        assert_eq!(accounts, [Filter::Contains(Column::Name, "ro".into())]);
    }

    #[test]
    fn bad_values_name_their_parameter_and_limit() {
        for (kind, query, message) in [
            (Kind::Port, "port=0", "port: must be 1 to 65535"),
            (Kind::Port, "port_string=8x", "port_string: must be 1 to 5 digits"),
            (Kind::Port, "type=tcp", "type: must be TCP, UDP, TCP6, UDP6"),
            (Kind::Port, "status=bad", "status: must be danger, normal, unknown"),
            (Kind::AutoLaunch, "type=5", "type: must be 0 to 4"),
            (Kind::Users, "root_permission=1", "root_permission: must be true or false"),
            (Kind::Users, "part_match=1", "part_match: must be true or false"),
        ] {
            assert_eq!(of_list(kind, &params(query)).unwrap_err().message(), message);
        }
        let long = format!("path={}", "a".repeat(513));
        let error = of_list(Kind::Process, &params(&long)).unwrap_err();
        assert_eq!(error.message(), "path: must have at most 512 characters");
    }
}
