//! A list of hosts as a file: CSV with a header, or a JSON array. Only its form is looked at here, what it says the server
//! judges; either way a mistake is told by its line and column.

use muster_model::{Error, Result};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Largest file, in bytes.
pub(super) const MAX_BYTES: u64 = 8 << 20;

/// Columns with one text each.
const TEXTS: &[&str] =
    &["name", "address", "machine_id", "department", "importance", "location", "group"];

/// A host, and where it stands.
#[derive(Debug)]
pub(super) struct Line {
    /// As the API takes it.
    pub(super) host: Value,
    /// The line it begins in, from 1.
    pub(super) number: u64,
}

/// Reads a list.
pub(super) fn read(text: &str) -> Result<Vec<Line>> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('[') { json(text) } else { table(text) }
}

fn json(text: &str) -> Result<Vec<Line>> {
    let wrong = |error: &serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        Error::invalid("file", format_args!("line {line}, column {column}: no JSON array of hosts"))
    };
    let hosts: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| wrong(&error))?;
    let (mut number, mut at) = (1, 0);
    hosts
        .into_iter()
        .map(|host| {
            // It is a part of the text: how far in it begins is told by where both lie.
            let begins = (host.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            number += lines(text.get(at..begins).unwrap_or_default());
            at = begins;
            let host: Value = serde_json::from_str(host.get()).map_err(|error| wrong(&error))?;
            if host.is_object() {
                Ok(Line { host, number })
            } else {
                Err(Error::invalid("file", format_args!("line {number}: must be a JSON object")))
            }
        })
        .collect()
}

fn lines(text: &str) -> u64 {
    let count = text.bytes().filter(|byte| *byte == b'\n').count();
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn table(text: &str) -> Result<Vec<Line>> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| Error::invalid("file", error))?.clone();
    for (at, name) in header.iter().enumerate() {
        if !TEXTS.contains(&name) && !["container_node", "tags"].contains(&name) {
            let known = TEXTS.join(", ");
            let why = format!("line 1, column {name}: there are {known}, container_node, tags");
            return Err(Error::invalid("file", why));
        }
        if header.iter().take(at).any(|before| before == name) {
            return Err(Error::invalid("file", format!("line 1, column {name}: is there twice")));
        }
    }
    if !header.iter().any(|name| name == "name") {
        return Err(Error::invalid("file", "line 1: has no column name"));
    }
    let mut found = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| Error::invalid("file", error))?;
        let number = row.position().map_or(0, csv::Position::line);
        if row.len() > header.len() {
            let why = format!("line {number}: has {} columns, not {}", row.len(), header.len());
            return Err(Error::invalid("file", why));
        }
        let mut host = Map::new();
        for (name, cell) in header.iter().zip(&row).filter(|(_, cell)| !cell.is_empty()) {
            let value = value(name, cell).map_err(|why| {
                Error::invalid("file", format!("line {number}, column {name}: {why}"))
            })?;
            host.insert(name.to_owned(), value);
        }
        // Without a name the server will say so, where a deserializer would only say that a field is missing.
        host.entry("name").or_insert_with(|| "".into());
        found.push(Line { host: host.into(), number });
    }
    Ok(found)
}

/// A cell that is not empty: an empty one says nothing.
fn value(name: &str, cell: &str) -> std::result::Result<Value, &'static str> {
    match name {
        "container_node" => match cell.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(true.into()),
            "false" | "no" | "0" => Ok(false.into()),
            _ => Err("must be true or false"),
        },
        "tags" => tags(cell.split(';').map(str::trim).filter(|tag| !tag.is_empty())),
        _ => Ok(cell.into()),
    }
}

/// Tags as the API takes them, from `key=value` or `key` each.
pub(super) fn tags<'a>(
    tags: impl Iterator<Item = &'a str>,
) -> std::result::Result<Value, &'static str> {
    let mut all = Map::new();
    for tag in tags {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        if all.insert(key.trim().to_owned(), value.trim().into()).is_some() {
            return Err("names a tag twice");
        }
    }
    Ok(all.into())
}

/// What the server said of `hosts[3].address`, said of the file.
pub(super) fn of_the_file(said: &str, lines: &[Line]) -> String {
    let mut text = String::new();
    let mut rest = said;
    while let Some((before, behind)) = rest.split_once("hosts[") {
        text.push_str(before);
        let place = behind.split_once(']').and_then(|(index, behind)| {
            let line = lines.get(index.parse::<usize>().ok()?)?;
            Some((line.number, behind))
        });
        let Some((number, behind)) = place else {
            text.push_str("hosts[");
            rest = behind;
            continue;
        };
        text.push_str(&format!("line {number}"));
        rest = behind;
        if let Some(behind) = behind.strip_prefix('.') {
            text.push_str(", column ");
            rest = behind;
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_is_read_as_the_array_is() {
        let table = "name,address,container_node,tags,group\n\
                     web-1,10.0.0.1,yes,env=prod; old,\n\
                     \"web,2\", ,no,,shop\n";
        let array = r#"[{"name": "web-1", "address": "10.0.0.1", "container_node": true,
                         "tags": {"env": "prod", "old": ""}},
                        {"name": "web,2", "container_node": false, "group": "shop"}]"#;
        let (table, array) = (read(table).unwrap(), read(array).unwrap());
        let hosts = |lines: &[Line]| json!(lines.iter().map(|it| &it.host).collect::<Vec<_>>());
        assert_eq!(hosts(&table), hosts(&array));
        let numbers = |lines: &[Line]| lines.iter().map(|it| it.number).collect::<Vec<_>>();
        assert_eq!((numbers(&table), numbers(&array)), (vec![2, 3], vec![1, 3]));
    }

    #[test]
    fn mistakes_are_told_by_line_and_column() {
        for (text, told) in [
            ("name,colour\na,red\n", "line 1, column colour"),
            ("name,name\na,b\n", "line 1, column name: is there twice"),
            ("address\n10.0.0.1\n", "line 1: has no column name"),
            ("name,container_node\na,\nb,maybe\n", "line 3, column container_node"),
            ("name,tags\na,x=1;x=2\n", "line 2, column tags: names a tag twice"),
            ("name\na,b\n", "line 2: has 2 columns, not 1"),
            ("[{\"name\": \"a\"},\n 7]", "line 2: must be a JSON object"),
            ("[{\"name\": \"a\"},\n {]", "line 2, column 3"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn what_the_server_says_is_said_of_the_file() {
        let lines = read("name\na\n\n# b\nc\n").unwrap();
        let said =
            "hosts[0].name: bad; hosts[2].name: is that of hosts[0], too; hosts[9].x; hosts: y";
        let told = of_the_file(said, &lines);
        assert_eq!(
            told,
            "line 2, column name: bad; line 5, column name: is that of line 2, too; hosts[9].x; hosts: y"
        );
    }
}
