//! What every service function works with.

use crate::settings::Settings;
use muster_model::{Clock, Micros};
use std::ops::Deref;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The running product. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`], reached by dereferencing it.
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the operator set.
    pub settings: Settings,
    /// Every background task is spawned here, so that a stop waits for it.
    pub tasks: TaskTracker,
    /// Cancelled when the product stops.
    pub stop: CancellationToken,
}

impl App {
    /// Puts the parts together.
    pub fn new(clock: Arc<dyn Clock>, settings: Settings) -> Self {
        Self(Arc::new(Parts {
            clock,
            settings,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// The time now.
    pub fn now(&self) -> Micros {
        self.clock.now()
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
