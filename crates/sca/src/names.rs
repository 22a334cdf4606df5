//! Which files are worth a look at their begin although no extractor asks for them by name: those that may
//! be archives or programs under any name.

use rustc_hash::FxHashSet;
use std::sync::LazyLock;

/// Extensions of source text, documents, pictures and class files. Files so called are by far the most, and
/// none of them is an archive or a program; [`crate::Options::thorough`] looks into them all the same.
const PLAIN: &[&str] = &[
    "adoc",
    "am",
    "asm",
    "avif",
    "bmp",
    "c",
    "cc",
    "cfg",
    "cjs",
    "class",
    "clj",
    "cmake",
    "coffee",
    "conf",
    "cpp",
    "cs",
    "css",
    "csv",
    "cts",
    "cxx",
    "dart",
    "def",
    "diff",
    "dtd",
    "el",
    "eot",
    "erl",
    "ex",
    "exs",
    "f",
    "f90",
    "flow",
    "fs",
    "gif",
    "glsl",
    "go",
    "gradle",
    "groovy",
    "h",
    "haml",
    "hh",
    "hpp",
    "hs",
    "htm",
    "html",
    "hxx",
    "ico",
    "idl",
    "inc",
    "ini",
    "ipynb",
    "j2",
    "java",
    "jpeg",
    "jpg",
    "js",
    "json",
    "json5",
    "jsonl",
    "jsx",
    "kt",
    "kts",
    "less",
    "lock",
    "log",
    "lua",
    "m",
    "m4",
    "map",
    "markdown",
    "md",
    "mdx",
    "mjs",
    "mk",
    "ml",
    "mli",
    "mm",
    "mo",
    "mp3",
    "mp4",
    "mts",
    "otf",
    "pas",
    "patch",
    "php",
    "pl",
    "pm",
    "png",
    "po",
    "pod",
    "pom",
    "pot",
    "properties",
    "proto",
    "ps1",
    "pxd",
    "pxi",
    "py",
    "pyc",
    "pyi",
    "pyx",
    "r",
    "rb",
    "rd",
    "rs",
    "rst",
    "s",
    "sass",
    "scala",
    "scm",
    "scss",
    "sln",
    "snap",
    "sql",
    "styl",
    "svelte",
    "svg",
    "swift",
    "t",
    "tcl",
    "tex",
    "thrift",
    "tif",
    "tiff",
    "tmpl",
    "toml",
    "ts",
    "tsv",
    "tsx",
    "ttf",
    "txt",
    "vb",
    "vue",
    "wasm",
    "wav",
    "webp",
    "woff",
    "woff2",
    "x",
    "xhtml",
    "xml",
    "xsd",
    "xsl",
    "xslt",
    "y",
    "yaml",
    "yml",
];

/// Longest of them, bytes.
const LONGEST: usize = 10;

/// The same as numbers, which are compared at once.
static KEYS: LazyLock<FxHashSet<u128>> =
    LazyLock::new(|| PLAIN.iter().map(|text| key(text)).collect());

/// At most 16 bytes in lower case as one number.
fn key(text: &str) -> u128 {
    let mut bytes = [0; 16];
    for (byte, of) in bytes.iter_mut().zip(text.bytes()) {
        *byte = of.to_ascii_lowercase();
    }
    u128::from_le_bytes(bytes)
}

/// Whether nothing but plain content is expected in a file of this name.
pub(crate) fn is_plain(name: &str) -> bool {
    let Some((_, extension)) = name.rsplit_once('.') else { return false };
    extension.len() <= LONGEST && KEYS.contains(&key(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_used() {
        assert!(PLAIN.is_sorted() && PLAIN.iter().all(|text| text.len() <= LONGEST));
        assert!(is_plain("A.CLASS") && is_plain("lib/x.min.js"));
        assert!(!is_plain("x.bin") && !is_plain("README") && !is_plain("a.jar"));
    }
}
