//! Which container a process belongs to, and what that container is called.
//!
//! No runtime is asked: a process's control group tells the container's id, or the monitor among its parents where it has no group of
//! its own, and the runtimes' own state files on the host's disk the name, image and labels, so they are there with the daemon down. A process in namespaces of its own that no
//! runtime made (bubblewrap, `unshare`) is a process of the host.

mod cgroup;
mod monitor;
mod podman;
mod published;
pub(crate) mod signs;
mod state;

pub(crate) use published::published;

use crate::files::Files;
use crate::live::Ended;
use crate::processes::Process;
use cgroup::Inside;
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
    /// Where its runtime keeps that.
    kept: monitor::Kept,
    /// Its processes by pid.
    pub(crate) processes: Vec<Arc<Process>>,
    /// Its programs that ended without a sweep having seen them.
    pub(crate) ended: Vec<Arc<Ended>>,
}

impl Container {
    /// The process that was there first; the container's file system is seen through it.
    pub(crate) fn first(&self) -> Option<&Arc<Process>> {
        first(&self.processes)
    }
}

fn first(processes: &[Arc<Process>]) -> Option<&Arc<Process>> {
    processes.iter().min_by_key(|process| (process.start, process.pid))
}

/// What is in one container while they are told apart.
struct Place {
    inside: Inside,
    processes: Vec<Arc<Process>>,
}

/// Puts a process into its container; not if there are too many of them.
fn put(
    places: &mut BTreeMap<String, Place>,
    inside: &Inside,
    process: &Arc<Process>,
    files: &Files,
) -> bool {
    if let Some(place) = places.get_mut(&inside.id) {
        place.processes.push(Arc::clone(process));
        return true;
    }
    if places.len() == MAX_CONTAINERS {
        files.trouble("containers.too_many", "", "more than 4096 containers");
        return false;
    }
    let place = Place { inside: inside.clone(), processes: vec![Arc::clone(process)] };
    places.insert(inside.id.clone(), place);
    true
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
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        // Most processes share their control group with others.
        let mut known: HashMap<&str, Option<Inside>> = HashMap::new();
        let mut rest = Vec::new();
        for process in processes {
            let inside = known
                .entry(process.cgroup.as_str())
                .or_insert_with(|| cgroup::inside(&process.cgroup, files));
            match inside.as_ref().filter(|_| !process.kernel) {
                Some(inside) if put(&mut places, inside, process, files) => {}
                _ => rest.push(Arc::clone(process)),
            }
        }
        let watched = monitor::Watched::by(&rest, |id| places.contains_key(id));
        watched.tell(files);
        for process in &rest {
            let none = watched.is_empty() || process.kernel;
            let inside = if none { None } else { watched.inside(process, processes) };
            if !inside.is_some_and(|inside| put(&mut places, &inside, process, files)) {
                found.host.push(Arc::clone(process));
            }
        }
        for (id, Place { inside, processes: its }) in places {
            let first = first(&its);
            let kept = first.map(|first| monitor::beside(first, processes, files));
            let kept = kept.unwrap_or_default();
            let details = state::of(&inside, &kept, files);
            let container = Container { details, kept, processes: its, ended: Vec::new() };
            found.containers.insert(id, container);
        }
        found
    }

    /// Adds the programs that have ended; gives back those of containers that have ended with them.
    pub(crate) fn add_ended(&mut self, ended: Vec<Arc<Ended>>, files: &Files) -> Vec<Arc<Ended>> {
        let mut lost = Vec::new();
        for program in ended {
            let list = match cgroup::inside(&program.process.cgroup, files) {
                None => {
                    let parent = program.process.ppid;
                    let group = program.process.cgroup.as_str();
                    // In no group of its own: where what started it is, if that still runs.
                    let is_child = |container: &&mut Container| {
                        let processes = &container.processes;
                        let at = processes.binary_search_by_key(&parent, |it| it.pid);
                        at.is_ok_and(|at| processes.get(at).is_some_and(|it| it.cgroup == group))
                    };
                    let container = self.containers.values_mut().find(is_child);
                    container.map_or(&mut self.ended, |container| &mut container.ended)
                }
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
