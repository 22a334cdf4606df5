//! One error for every layer. Only the edge turns it into a vendor's body.

use std::borrow::Cow;
use std::fmt;

/// Shorthand used throughout the workspace.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, as far as a caller has to know. The list is closed: every API matches it exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong; the message names the parameter and its limit.
    Invalid,
    /// No credentials, or credentials that do not hold.
    Unauthenticated,
    /// Known caller, but the action is not allowed; the message names the action.
    Forbidden,
    /// Not there, or not the caller's to see.
    NotFound,
    /// The state does not allow it (a duplicate, a lost race).
    Conflict,
    /// Larger than a documented limit.
    TooLarge,
    /// Too many requests.
    RateLimited,
    /// Known operation that Muster does not serve.
    Unsupported,
    /// Not now: a dependency is away or a queue is full.
    Unavailable,
    /// Our fault. The message says nothing more than that.
    Internal,
}

impl Kind {
    /// What an HTTP answer that is no success means to one who asked our server: its own statuses, or
    /// those of a proxy on the way, which count as "not now".
    pub const fn of_status(status: u16) -> Self {
        match status {
            400 => Self::Invalid,
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 | 405 => Self::NotFound,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            501 => Self::Unsupported,
            _ => Self::Unavailable,
        }
    }
}

/// An error whose `message` may be shown to the caller; its source is only ever logged.
pub struct Error {
    kind: Kind,
    message: Cow<'static, str>,
    parameter: Option<Cow<'static, str>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of the given kind with a message fit for the caller.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), parameter: None, source: None }
    }

    /// A bad parameter. The message reads `<parameter>: <why>`.
    pub fn invalid(parameter: impl Into<Cow<'static, str>>, why: impl fmt::Display) -> Self {
        let parameter = parameter.into();
        let message = format!("{parameter}: {why}");
        Self {
            kind: Kind::Invalid,
            message: message.into(),
            parameter: Some(parameter),
            source: None,
        }
    }

    /// `what` does not exist, or not for this caller.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(Kind::NotFound, format!("{what} does not exist"))
    }

    /// Credentials are missing or wrong. The message must not tell which part was wrong.
    pub fn unauthenticated(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unauthenticated, message)
    }

    /// The caller may not perform `action`.
    pub fn forbidden(action: impl fmt::Display) -> Self {
        Self::new(Kind::Forbidden, format!("not allowed to perform {action}"))
    }

    /// A clash with what is already there.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// Our fault: `source` is logged, the caller learns nothing of it.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, "internal error").with_source(source)
    }

    /// Attaches the cause, for the log only.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The text for the caller.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The parameter at fault, where there is one.
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
