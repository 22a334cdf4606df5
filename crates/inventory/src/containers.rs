//! Which container a process belongs to, and what that container is called.
//!
//! No runtime is asked: a process's control group tells the container's id, and the runtimes' own state files
//! on the host's disk its name, image and labels, so they are there with the daemon down. A process in namespaces of its own that no
//! runtime made (bubblewrap, `unshare`) is a process of the host.

mod cgroup;
mod published;
pub(crate) mod signs;
mod state;

pub(crate) use published::published;

use crate::files::Files;
use crate::live::Ended;
use crate::processes::Process;
use muster_model::container::Details;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Containers looked at on one host.
const MAX_CONTAINERS: usize = 4_096;

/// A container with what runs in it.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    /// What is known of it: its id and the name people gave it above all.
    pub(crate) details: Details,
    /// Its processes by pid.
    pub(crate) processes: Vec<Arc<Process>>,
    /// Its programs that ended without a sweep having seen them.
    pub(crate) ended: Vec<Arc<Ended>>,
}

impl Container {
    /// The process that was there first; the container's file system is seen through it.
    pub(crate) fn first(&self) -> Option<&Arc<Process>> {
        self.processes.iter().min_by_key(|process| (process.start, process.pid))
    }
}

/// Whose the processes are.
#[derive(Debug, Default)]
pub(crate) struct Attribution {
    /// Those of no container, by pid.
    pub(crate) host: Vec<Arc<Process>>,
    /// Programs of no container that ended without a sweep having seen them.
    pub(crate) ended: Vec<Arc<Ended>>,
    /// The containers by id.
    pub(crate) containers: BTreeMap<String, Container>,
}

impl Attribution {
    /// Looks at the processes; `files` are the host's.
    pub(crate) fn of(processes: &[Arc<Process>], files: &Files) -> Self {
        let mut found = Self::default();
        // Most processes share their control group with others.
        let mut known: HashMap<&str, Option<cgroup::Inside>> = HashMap::new();
        for process in processes {
            let inside = known
                .entry(process.cgroup.as_str())
                .or_insert_with(|| cgroup::inside(&process.cgroup, files));
            let Some(inside) = inside.as_ref().filter(|_| !process.kernel) else {
                found.host.push(Arc::clone(process));
                continue;
            };
            if !found.containers.contains_key(&inside.id) {
                if found.containers.len() == MAX_CONTAINERS {
                    files.trouble("containers.too_many", "", "more than 4096 containers");
                    found.host.push(Arc::clone(process));
                    continue;
                }
                let details = state::of(inside, files);
                let (processes, ended) = (Vec::new(), Vec::new());
                let container = Container { details, processes, ended };
                found.containers.insert(inside.id.clone(), container);
            }
            if let Some(container) = found.containers.get_mut(&inside.id) {
                container.processes.push(Arc::clone(process));
            }
        }
        found
    }

    /// Adds the programs that have ended; gives back those of containers that have ended with them.
    pub(crate) fn add_ended(&mut self, ended: Vec<Arc<Ended>>, files: &Files) -> Vec<Arc<Ended>> {
        let mut lost = Vec::new();
        for program in ended {
            let list = match cgroup::inside(&program.process.cgroup, files) {
                None => &mut self.ended,
                Some(inside) => {
                    let container = self.containers.get_mut(&inside.id);
                    container.map_or(&mut lost, |container| &mut container.ended)
                }
            };
            list.push(program);
        }
        lost
    }
}
