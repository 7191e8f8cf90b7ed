use std::future::{Future, pending};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long what is held may still be delivered once the end was asked for: a stage has 4 s in all.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// Tells everybody at work that the end was asked for, and when it has to be over.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<Option<Instant>>);

impl Stop {
    /// The telling end, and a future that never ends and tells it once `shutdown` is over.
    pub(crate) fn on<T>(shutdown: impl Future<Output = ()>) -> (Self, impl Future<Output = T>) {
        let (tell, told) = watch::channel(None);
        let watching = async move {
            shutdown.await;
            tell.send_replace(Some(Instant::now() + GRACE));
            pending().await
        };
        (Self(told), watching)
    }

    /// When everything has to be over, where the end was asked for.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        *self.0.borrow()
    }

    /// Waits until the end is asked for.
    pub(crate) async fn requested(&mut self) -> Instant {
        let deadline = self.0.wait_for(Option::is_some).await.ok().and_then(|told| *told);
        match deadline {
            Some(deadline) => deadline,
            None => pending().await,
        }
    }

    /// Waits until everything has to be over.
    pub(crate) async fn expired(&mut self) {
        let deadline = self.requested().await;
        sleep_until(deadline).await;
    }
}
