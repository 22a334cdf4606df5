//! What the contract calls the signs that events are about, and what is said of each.

use muster_model::container::{Severity, SignKind};

/// Abnormal behaviour of processes: the document has classes for containers started with too much, and no type.
pub(super) const EVENT_TYPE: i32 = 3007;

/// What is said of all events of one sign.
pub(super) struct Class {
    /// The contract's class, `container_1001`.
    pub(super) id: &'static str,
    /// What it is called, for people.
    pub(super) name: &'static str,
    /// Why it matters: at most 1,024 characters.
    pub(super) meaning: &'static str,
    /// What to do about it: at most 256 characters.
    pub(super) advice: &'static str,
}

/// The class of a sign.
pub(super) const fn class(sign: SignKind) -> Class {
    let (id, name, meaning, advice) = match sign {
        SignKind::HostNamespace => (
            "container_1001",
            "Container shares a namespace of its host",
            "The container was started in a namespace of its host: what it does there, it does to the host.",
            "Start the container with namespaces of its own.",
        ),
        SignKind::Privileged => (
            "container_1003",
            "Privileged container",
            "The container has all rights of its host, which nothing keeps it from using on the host itself.",
            "Start the container without --privileged, with the capabilities it needs.",
        ),
        SignKind::Capability => (
            "container_1003",
            "Container with a capability that leads out of it",
            "The container was started with a right by which programs reach the host.",
            "Start the container without this capability.",
        ),
        SignKind::HostMount => (
            "container_1004",
            "Container mounts a path of its host",
            "The container sees a path that is the host's own matter, and can change it unless it is mounted read-only.",
            "Mount a folder made for the container instead.",
        ),
        SignKind::RuntimeSocket => (
            "container_1004",
            "Container reaches the socket of its runtime",
            "The container can tell the runtime what to start, with any rights and any mounts.",
            "Take the socket away: whoever reaches it is root of the host.",
        ),
        SignKind::ReleaseAgent => (
            "containerescape_0004",
            "Container can write control groups of its host",
            "Where a control group ends, the kernel starts a program on the host: the container can say which.",
            "Mount control groups read-only.",
        ),
        SignKind::KernelHelper => (
            "containerescape_0004",
            "Container can set a program that the kernel of its host starts",
            "The kernel starts programs on the host by names that are kept in files: the container can change them.",
            "Start the container with /proc/sys and /sys read-only, as runtimes do by themselves.",
        ),
        SignKind::CorePattern => (
            "containerescape_0004",
            "Crashes on the host start a program of a container",
            "When a process crashes, the kernel starts a program on the host; its name leads into a container.",
            "Set kernel.core_pattern back, and treat the host as taken over.",
        ),
        SignKind::KernelModule => (
            "containerescape_0001",
            "Kernel module loaded while a container had the right to",
            "The kernel got a module it did not have before, and the container had the right to load one.",
            "Find out who loaded it; start the container without CAP_SYS_MODULE.",
        ),
        SignKind::EnteredHost => (
            "containerescape_0001",
            "Process of a container in a namespace of its host",
            "A process of the container is in a namespace of the host that it was not started in.",
            "Find out what it did there; treat the host as taken over unless it was an administrator.",
        ),
        SignKind::ProtectedFile => (
            "dockerfile_001",
            "Protected file changed in a container",
            "The container changed a file that containers are not to change.",
            "Find out who changed it; start the container anew from its image.",
        ),
        SignKind::UnknownProgram => (
            "dockerproc_001",
            "Program unknown to the container's image",
            "The container runs a program that no container of its image ran while the image was learned.",
            "Find out who started it; where it belongs there, mark the event as handled.",
        ),
        SignKind::BlockedProgram => (
            "dockerproc_001",
            "Program unknown to the container's image was kept from running",
            "The container tried to run a program that its image is not known for, and was refused.",
            "Find out who tried to start it; where it belongs there, allow the image to run it.",
        ),
    };
    Class { id, name, meaning, advice }
}

/// The contract's word.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}
