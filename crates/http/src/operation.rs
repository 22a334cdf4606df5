//! The rows of an API's operation table: its whole surface, served or not, on one screen.

use axum::http::Method;
use axum::routing::MethodFilter;
use muster_model::Action;

/// An HTTP method an operation answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Also answers HEAD.
    Get,
    /// Creates or starts.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
    /// Asks whether something is there.
    Head,
}

impl Verb {
    pub(crate) const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
            Self::Head => MethodFilter::HEAD,
        }
    }

    /// The method as the HTTP library has it.
    pub const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
            Self::Head => Method::HEAD,
        }
    }
}

/// Whether Muster performs an operation or only knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Performed.
    Served,
    /// Known to the contract; answered with the vendor's own "not supported".
    Unsupported,
}

/// What a caller must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: open to everyone.
    Nothing,
    /// Nothing either, but credentials that come are proved: some requests of the operation want them
    /// ([`crate::Offered`]).
    Perhaps,
    /// Valid credentials, whatever their rights.
    Caller,
    /// Valid credentials that may perform this action. The service decides, not the edge.
    Action(Action),
    /// The same, but the proof is one of the API's own, which its handlers check.
    OwnProof(Action),
}

/// One operation of a wire contract.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The contract's name of it, `ListUsers`.
    pub name: &'static str,
    /// Method.
    pub verb: Verb,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// Served or only known.
    pub state: State,
    /// What the caller must bring.
    pub needs: Needs,
    /// The same signature is accepted again only for five seconds: calls that create, change or export.
    pub once: bool,
    /// One line for the documentation.
    pub summary: &'static str,
}

impl Operation {
    /// An operation that needs `action`. What is not a GET accepts a signature only once.
    pub const fn served(
        name: &'static str,
        verb: Verb,
        path: &'static str,
        action: Action,
        summary: &'static str,
    ) -> Self {
        let once = !matches!(verb, Verb::Get | Verb::Head);
        Self { name, verb, path, state: State::Served, needs: Needs::Action(action), once, summary }
    }

    /// An operation the contract has and Muster has not.
    pub const fn unsupported(
        name: &'static str,
        verb: Verb,
        path: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            name,
            verb,
            path,
            state: State::Unsupported,
            needs: Needs::Caller,
            once: false,
            summary,
        }
    }

    /// The same with other needs.
    #[must_use]
    pub const fn needing(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// A GET that hands something out: its signature is accepted only once too.
    #[must_use]
    pub const fn exporting(mut self) -> Self {
        self.once = true;
        self
    }

    /// Whether Muster performs it.
    pub const fn is_served(&self) -> bool {
        matches!(self.state, State::Served)
    }
}
