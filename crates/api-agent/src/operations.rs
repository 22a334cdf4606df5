//! Everything the agent protocol answers.

use muster_http::{Needs, Operation, Verb};
use muster_model::Action;
use muster_model::enrol::{CA_PATH, ENROL_PATH};
use muster_model::proof::REPORT_PATH;

/// The whole protocol. Its callers are agents: they bring a one-time token or the proof of their own key
/// instead of a user's credentials.
pub const OPERATIONS: &[Operation] = &[
    Operation::served(
        "ShowCa",
        Verb::Get,
        CA_PATH,
        Action::AgentEnrol,
        "The CA certificate agents and clients trust (PEM); 404 where plain HTTP is spoken.",
    )
    .needing(Needs::Nothing),
    Operation::served(
        "EnrolAgent",
        Verb::Post,
        ENROL_PATH,
        Action::AgentEnrol,
        "Joins a host with a one-time token.",
    )
    .needing(Needs::Nothing),
    Operation::served(
        "Report",
        Verb::Post,
        REPORT_PATH,
        Action::AgentEnrol,
        "Heartbeat and inventory of an agent, signed with its key; the answer says what to do next.",
    )
    .needing(Needs::Nothing),
];
