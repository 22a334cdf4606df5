//! Microsoft's cabinets: stored, MSZIP and LZX folders.

use super::Metered;
use crate::blob::Blob;
use crate::extractor::file_name;
use crate::finding::Found;
use crate::names::is_plain;
use crate::trouble::{Code, Trouble};
use crate::walk::{Node, Walk};
use cab::{Cabinet, CompressionType};
use std::io::Cursor;

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    found: &mut Found,
) -> Result<(), Trouble> {
    let mut cabinet = Cabinet::new(Cursor::new(blob))?;
    let mut files = Vec::new();
    for folder in cabinet.folder_entries() {
        let quantum = matches!(folder.compression_type(), CompressionType::Quantum(..));
        for file in folder.file_entries() {
            walk.budget.member()?;
            files.push((file.name().to_owned(), file.uncompressed_size(), quantum));
        }
    }
    for (name, size, quantum) in files {
        let member = node.member(&name.replace('\\', "/"));
        let plain = is_plain(file_name(&member.path)) && !walk.options.everything();
        if plain && walk.selector.by_path(&member.path) == 0 {
            continue;
        }
        let examined = if quantum {
            Err(Trouble::new(Code::Method, "compressed by Quantum"))
        } else {
            cabinet.read_file(&name).map_err(Trouble::from).and_then(|reader| {
                let mut plain = Metered { inner: reader, budget: &walk.budget };
                walk.stream(&member, Some(size.into()), &mut plain, found)
            })
        };
        if let Err(trouble) = examined {
            found.trouble_at(&member.path, &trouble);
        }
    }
    Ok(())
}
