//! Reads an exported file again, by the public formats alone.

use quick_xml::Reader;
use quick_xml::events::Event;
use std::io::{Cursor, Read};

/// The rows of every sheet, cells as text, with the names of the sheets.
pub(crate) struct Book {
    pub(crate) entry: String,
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// The first sheet as it is.
    pub(crate) xml: String,
}

/// The only entry of a ZIP.
pub(crate) fn only_entry(zip: &[u8]) -> (String, Vec<u8>) {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip");
    assert_eq!(archive.len(), 1);
    let mut entry = archive.by_index(0).unwrap();
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).unwrap();
    (entry.name().unwrap().into_owned(), bytes)
}

pub(crate) fn read(zip: &[u8]) -> Book {
    let (entry, bytes) = only_entry(zip);
    let mut book = zip::ZipArchive::new(Cursor::new(bytes)).expect("a workbook");
    let mut part = |name: &str| {
        let mut text = String::new();
        book.by_name(name).expect(name).read_to_string(&mut text).unwrap();
        text
    };
    let xml = part("xl/worksheets/sheet1.xml");
    let names = part("xl/workbook.xml")
        .split("<sheet name=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    Book { entry, names, rows: rows(&xml), xml }
}

fn rows(xml: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::from_str(xml);
    let (mut rows, mut inside): (Vec<Vec<String>>, bool) = (Vec::new(), false);
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) => match tag.name().as_ref() {
                "row" => rows.push(Vec::new()),
                "c" => {
                    let at = tag.attributes().flatten().find(|a| a.key.as_ref() == "r").unwrap();
                    let column = usize::from(at.value.as_bytes()[0] - b'A');
                    rows.last_mut().unwrap().resize(column + 1, String::new());
                }
                "v" | "t" => inside = true,
                _ => {}
            },
            Event::End(tag) if matches!(tag.name().as_ref(), "v" | "t") => inside = false,
            Event::Text(text) if inside => {
                let cell = rows.last_mut().unwrap().last_mut().unwrap();
                cell.push_str(&text);
            }
            Event::GeneralRef(name) if inside => {
                let cell = rows.last_mut().unwrap().last_mut().unwrap();
                cell.push_str(match &*name {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    other => panic!("{other:?}"),
                });
            }
            Event::Eof => return rows,
            _ => {}
        }
    }
}
