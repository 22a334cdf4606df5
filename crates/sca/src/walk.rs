//! The walk: from a folder, a file or a stream to every file in every archive below it, and for each the
//! extractors that want it.
//!
//! Nothing is unpacked to disk. What lies on disk is mapped; a stored member is a part of the map; a packed
//! member is unpacked only when an extractor asks for it or its begin shows an archive. Two kinds of content
//! are told apart: a [`Blob`], where archives can be read from anywhere, and a stream, read once.

mod disk;
mod examine;

pub(crate) use disk::note_link;

use crate::archives::zip::Member;
use crate::blob::Blob;
use crate::extractor::{Extractor, Rows, Selector};
use crate::finding::Found;
use crate::limits::Budget;
use crate::queue::Queue;
use crate::trouble::Trouble;
use crate::{Input, Options};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

/// A file or member by its virtual path.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Virtual path.
    pub(crate) path: String,
    /// Archives around it.
    pub(crate) depth: u32,
    /// A package in a package manager's cache: its content counts where it is installed, and its record alone is read.
    pub(crate) cached: bool,
}

impl Node {
    /// A file that lies in no archive.
    pub(crate) const fn root(path: String) -> Self {
        Self { path, depth: 0, cached: false }
    }

    /// A member of the archive that this node is.
    pub(crate) fn member(&self, name: &str) -> Self {
        let name = name.trim_start_matches("./").trim_start_matches('/');
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}!/{name}"),
        };
        Self { path, depth: self.depth + 1, cached: self.cached }
    }
}

/// A piece of work that any thread may do.
pub(crate) enum Task {
    /// `parent` is the folder it lies in, where that is held open.
    Folder {
        parent: Option<Arc<OwnedFd>>,
        path: PathBuf,
        shown: String,
    },
    File {
        path: PathBuf,
        shown: String,
    },
    Blob {
        node: Node,
        blob: Blob,
    },
    Members {
        node: Node,
        blob: Blob,
        members: Vec<Member>,
    },
}

/// One scan.
pub(crate) struct Walk<'a> {
    pub(crate) table: &'a [Extractor],
    pub(crate) selector: Selector,
    pub(crate) options: &'a Options,
    pub(crate) budget: Arc<Budget>,
    pub(crate) queue: Queue<Task>,
    /// The one file that was asked for, which may be an SBOM whatever its name.
    root: Option<String>,
}

impl<'a> Walk<'a> {
    /// Walks all of `input` with as many threads as the options say.
    pub(crate) fn run(
        table: &'a [Extractor],
        options: &'a Options,
        budget: &Arc<Budget>,
        input: Input<'_>,
    ) -> Found {
        let first = match &input {
            Input::Path(path) if path.is_dir() => {
                Task::Folder { parent: None, path: path.to_path_buf(), shown: String::new() }
            }
            Input::Path(path) => {
                let shown = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                Task::File { path: path.to_path_buf(), shown: shown.into_owned() }
            }
            Input::Bytes(name, bytes) => Task::Blob {
                node: Node::root((*name).to_owned()),
                blob: Blob::heap(bytes.to_vec(), None),
            },
            Input::Mapped(name, blob) => {
                Task::Blob { node: Node::root((*name).to_owned()), blob: Blob::clone(blob) }
            }
            Input::Stream(..) => {
                Task::Folder { parent: None, path: PathBuf::new(), shown: String::new() }
            }
        };
        let root = match &first {
            Task::File { shown, .. } => Some(shown.clone()),
            Task::Blob { node, .. } => Some(node.path.clone()),
            _ => match &input {
                Input::Stream(name, _) => Some((*name).to_owned()),
                _ => None,
            },
        };
        let walk = Self {
            table,
            selector: Selector::new(table),
            options,
            budget: Arc::clone(budget),
            queue: Queue::new(first),
            root,
        };
        let mut all = Found::default();
        match input {
            Input::Bytes(_, bytes) => budget.lies_there(bytes.len() as u64),
            Input::Stream(name, reader) => {
                walk.queue.drain(drop);
                let node = Node::root(name.to_owned());
                let mut counted = disk::Counted { inner: reader, budget };
                if let Err(trouble) = walk.stream(&node, None, &mut counted, &mut all) {
                    all.trouble_at(name, &trouble);
                }
            }
            Input::Mapped(_, blob) => budget.lies_there(blob.size()),
            Input::Path(_) => {}
        }
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..options.threads.max(1)).map(|_| scope.spawn(|| walk.work())).collect();
            for thread in threads {
                if let Ok(found) = thread.join() {
                    all.append(found);
                }
            }
        });
        all
    }

    /// The rows that want a file.
    pub(crate) fn rows(&self, node: &Node) -> Rows {
        let rows = self.selector.by_path(&node.path);
        if node.depth == 0 && self.root.as_ref() == Some(&node.path) {
            return rows | self.selector.sboms();
        }
        rows
    }

    /// Notes that `bytes` of what lies on disk are behind, if it is what lies there that `node` is.
    pub(crate) fn pass(&self, node: &Node, bytes: u64) {
        if node.depth == 0 {
            self.budget.pass(bytes);
        }
    }

    fn work(&self) -> Found {
        let mut found = Found::default();
        let mut room = disk::room();
        self.queue.drain(|task| {
            if self.budget.stopped().is_some() {
                return;
            }
            let path = match &task {
                Task::Folder { shown, .. } | Task::File { shown, .. } => shown.clone(),
                Task::Blob { node, .. } | Task::Members { node, .. } => node.path.clone(),
            };
            // A parser that panics on hostile bytes costs its file, not the scan.
            let done = catch_unwind(AssertUnwindSafe(|| self.task(task, &mut room, &mut found)));
            if done.is_err() {
                found.trouble_at(&path, &Trouble::damaged("a parser failed on it"));
            }
        });
        found
    }

    fn task(&self, task: Task, room: &mut disk::Room, found: &mut Found) {
        match task {
            Task::Folder { parent, path, shown } => {
                self.folder(parent.as_deref(), &path, &shown, room, found);
            }
            Task::File { path, shown } => self.file(&path, &shown, found),
            Task::Blob { node, blob } => {
                self.blob(&node, &blob, found);
                blob.end();
            }
            Task::Members { node, blob, members } => {
                crate::archives::zip::members(self, &node, &blob, &members, found);
            }
        }
    }
}
