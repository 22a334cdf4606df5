//! Builds `data/licences.bin` from a folder of licence texts named `ID.txt`: `licence-index FOLDER FILE`.
#![expect(clippy::expect_used, reason = "a tool of the build: it stops where it cannot go on")]

use std::collections::BTreeMap;

fn main() {
    let mut args = std::env::args_os().skip(1);
    let (folder, file) = (args.next().expect("FOLDER"), args.next().expect("FILE"));
    let mut texts = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the folder of texts") {
        let path = entry.expect("an entry").path();
        let id = path.file_stem().expect("a name").to_string_lossy().into_owned();
        texts.insert(id, std::fs::read(&path).expect("a text"));
    }
    std::fs::write(file, muster_sca::licences::build(&texts)).expect("the index to be written");
}
