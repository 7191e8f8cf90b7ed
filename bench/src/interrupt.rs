//! SIGINT, SIGTERM and SIGHUP as an error that unwinds, so that every guard cleans up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::HarnessError;

static SIGNALLED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

const STEP: Duration = Duration::from_millis(20);

/// Turns SIGINT, SIGTERM and SIGHUP into [`HarnessError::Interrupted`] out of the next [`check`] or [`pause`]; a second
/// signal kills.
pub fn install() -> std::io::Result<()> {
    let flag = SIGNALLED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The order matters: the first signal finds the flag still down and only raises it.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(flag))?;
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// Fails once a signal has come, and says so the first time.
pub fn check() -> Result<(), HarnessError> {
    static TOLD: AtomicBool = AtomicBool::new(false);
    match SIGNALLED.get() {
        Some(flag) if flag.load(Ordering::Relaxed) => {
            if !TOLD.swap(true, Ordering::Relaxed) {
                eprintln!("Interrupted: taking down what was started, some seconds. A second signal leaves at once.");
            }
            Err(HarnessError::Interrupted)
        }
        _ => Ok(()),
    }
}

/// Waits, unless a signal comes.
pub fn pause(time: Duration) -> Result<(), HarnessError> {
    let end = Instant::now() + time;
    loop {
        check()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(STEP));
    }
}

/// Waits until `done` holds; `what` names, for the error, what did not happen within `limit`.
pub fn until(what: &str, limit: Duration, mut done: impl FnMut() -> bool) -> Result<(), HarnessError> {
    let end = Instant::now() + limit;
    while !done() {
        if Instant::now() > end {
            return Err(HarnessError::Timeout { what: what.to_owned(), limit });
        }
        pause(STEP)?;
    }
    Ok(())
}
