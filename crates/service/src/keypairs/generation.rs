//! Making keys, of key pairs and of certificates, without holding anything else up.

use muster_model::{Error, ErrorKind, Result};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Requests that may wait for a turn.
const WAITING: usize = 32;

/// So many workers and so many waiting, no more: an RSA key of 4096 bits takes a second of a processor.
pub(crate) struct Pool {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(parallel: usize) -> Self {
        let turns = parallel.max(1);
        Self {
            places: Arc::new(Semaphore::new(turns + WAITING)),
            turns: Arc::new(Semaphore::new(turns)),
        }
    }

    /// Runs `make` when it is its turn.
    ///
    /// # Errors
    /// `Unavailable` when too many wait already; what `make` says.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        make: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let full = |_| {
            let message = "too many keys are being made: try again in a moment";
            Error::new(ErrorKind::Unavailable, message)
        };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(full)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Error::internal)?;
        // The turn ends with the work, also where nobody waits for it any more.
        let work = move || {
            let made = make();
            drop((turn, place));
            made
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::JoinSet;

    #[tokio::test]
    async fn who_finds_no_place_is_sent_away() {
        let pool = Arc::new(Pool::new(1));
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let mut running = JoinSet::new();
        let first = Arc::clone(&pool);
        running.spawn(async move { first.run(move || Ok(held.recv().is_err())).await });
        for _ in 0..WAITING {
            let pool = Arc::clone(&pool);
            running.spawn(async move { pool.run(|| Ok(true)).await });
        }
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = pool.run(|| Ok(())).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        drop(hold);
        for ended in running.join_all().await {
            assert!(ended.unwrap());
        }
        pool.run(|| Ok(())).await.unwrap();
    }
}
