//! The breaker: when the store is not asked any more, and when again.
//!
//! Three failed calls in a row open it for a while; then one call is let through, and its success closes it.
//! What no repetition can mend, a refused token above all, opens it for good: for what is read and what is
//! written separately, since a token that may only read is a usual one. A call that began after a failure is given
//! up when the breaker opens: it would only wait once more for what did not come.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::error::RemoteError;

/// Failed calls in a row that open it.
const FAILURES: u32 = 3;
/// For how long.
const REST: Duration = Duration::from_secs(15);

/// What a call does to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// The breaker of one store.
#[derive(Debug)]
pub(super) struct Breaker {
    rest: Duration,
    state: Mutex<State>,
    /// How often it was opened. Changed under the lock of the state.
    openings: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Until when nobody is let through.
    open_until: Option<Instant>,
    /// Whether somebody is on the way to see if the store is back.
    probing: bool,
    reads_refused: Option<String>,
    writes_refused: Option<String>,
    /// What opened it last.
    trouble: Option<String>,
}

/// The permission for one call; [`Breaker::leave`] takes it back.
#[derive(Debug)]
#[must_use]
pub(super) struct Pass {
    access: Access,
    probe: bool,
    /// For a call that begins in doubt: changes when the breaker opens.
    doubt: Option<watch::Receiver<u64>>,
}

impl Pass {
    /// Comes back when the call had better be given up; never for one that began while all was well.
    pub(super) async fn is_in_vain(&self) {
        if let Some(doubt) = &self.doubt {
            // Fails when the breaker is gone, with which nobody waits any more.
            let _ = doubt.clone().changed().await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

impl Breaker {
    pub(super) fn new(rest: Option<Duration>) -> Self {
        Self { rest: rest.unwrap_or(REST), state: Mutex::default(), openings: watch::channel(0).0 }
    }

    /// Lets a call through, or says why not.
    pub(super) fn enter(&self, access: Access, now: Instant) -> Result<Pass, RemoteError> {
        let mut state = self.state();
        let mut pass = state.enter(access, now)?;
        // Before anybody can note another failure, so that none is missed.
        pass.doubt = (state.failures > 0 && !pass.probe).then(|| self.openings.subscribe());
        drop(state);
        Ok(pass)
    }

    /// Notes how a call ended.
    pub(super) fn leave<T>(&self, pass: &Pass, result: &Result<T, RemoteError>, now: Instant) {
        let mut state = self.state();
        if pass.probe {
            state.probing = false;
        }
        let Err(error) = result else {
            state.close();
            return;
        };
        match verdict(error, pass.access) {
            Verdict::Nothing => {}
            Verdict::Alive => state.close(),
            Verdict::Failed => {
                state.failures += 1;
                if pass.probe || state.failures >= FAILURES {
                    state.open_until = Some(now + self.rest);
                    state.trouble = Some(error.to_string());
                    self.openings.send_modify(|openings| *openings += 1);
                }
            }
            Verdict::Refused => {
                state.close();
                let reason = error.to_string();
                state.trouble = Some(reason.clone());
                if pass.access == Access::Write {
                    state.writes_refused = Some(reason);
                } else {
                    state.reads_refused = Some(reason);
                }
            }
            Verdict::Unusable => {
                let reason = error.to_string();
                state.trouble = Some(reason.clone());
                state.reads_refused = Some(reason.clone());
                state.writes_refused = Some(reason);
            }
        }
    }

    /// Whether a call under way may try again.
    pub(super) fn is_closed(&self) -> bool {
        let state = self.state();
        state.open_until.is_none() && state.reads_refused.is_none()
    }

    /// What opened it last, if anything did.
    pub(super) fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, access: Access, now: Instant) -> Result<Pass, RemoteError> {
        if let Some(reason) = self.refused(access) {
            return Err(RemoteError::Unavailable { reason: reason.clone() });
        }
        let Some(until) = self.open_until else {
            return Ok(Pass { access, probe: false, doubt: None });
        };
        if now < until || self.probing {
            let reason = self.trouble.clone().unwrap_or_default();
            return Err(RemoteError::Unavailable { reason });
        }
        self.probing = true;
        Ok(Pass { access, probe: true, doubt: None })
    }

    fn refused(&self, access: Access) -> Option<&String> {
        match access {
            Access::Read => self.reads_refused.as_ref(),
            Access::Write => self.writes_refused.as_ref(),
        }
    }

    fn close(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }
}

/// What an error says of the store.
enum Verdict {
    /// Nothing: it never came to asking.
    Nothing,
    /// It answers.
    Alive,
    /// It does not work now.
    Failed,
    /// It will not let this be done.
    Refused,
    /// Nothing can be done with it.
    Unusable,
}

fn verdict(error: &RemoteError, access: Access) -> Verdict {
    match error {
        RemoteError::Cancelled | RemoteError::Unavailable { .. } | RemoteError::File { .. } => {
            Verdict::Nothing
        }
        RemoteError::Refused { .. } | RemoteError::TooLarge { .. } => Verdict::Alive,
        RemoteError::Unreachable { .. }
        | RemoteError::Tls { .. }
        | RemoteError::Timeout { .. }
        | RemoteError::Server { .. }
        | RemoteError::Answer { .. } => Verdict::Failed,
        // Who may not write may still read; whose token is unknown may nothing.
        RemoteError::Unauthorized { status: 401, .. } => Verdict::Unusable,
        RemoteError::Unauthorized { .. } if access == Access::Write => Verdict::Refused,
        RemoteError::Unauthorized { .. } | RemoteError::Config { .. } => Verdict::Unusable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Result<(), RemoteError> {
        Err(RemoteError::Unreachable { host: "cache:80".into(), reason: "refused".into() })
    }

    fn unauthorized(status: u16) -> Result<(), RemoteError> {
        Err(RemoteError::Unauthorized {
            host: "cache:80".into(),
            status,
            detail: String::new(),
            advice: "look",
        })
    }

    fn once(
        breaker: &Breaker,
        access: Access,
        result: &Result<(), RemoteError>,
        now: Instant,
    ) -> bool {
        let Ok(pass) = breaker.enter(access, now) else { return false };
        breaker.leave(&pass, result, now);
        true
    }

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new(None);
        for _ in 0..FAILURES {
            assert!(once(&breaker, Access::Read, &failed(), now));
        }
        breaker
    }

    #[test]
    fn opens_after_three_failures_in_a_row() {
        let (breaker, now) = (Breaker::new(None), Instant::now());
        for _ in 0..5 {
            assert!(once(&breaker, Access::Read, &failed(), now));
            assert!(once(&breaker, Access::Read, &failed(), now));
            assert!(once(&breaker, Access::Read, &Ok(()), now));
        }
        assert!(breaker.trouble().is_none());
        let breaker = opened(now);
        assert!(!breaker.is_closed());
        let error = breaker.enter(Access::Write, now).unwrap_err();
        assert!(error.to_string().contains("cannot be reached"), "{error}");
    }

    #[test]
    fn one_probe_is_let_through_and_closes_it() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + REST;
        assert!(breaker.enter(Access::Read, now + REST / 2).is_err());
        let probe = breaker.enter(Access::Read, later).unwrap();
        assert!(breaker.enter(Access::Read, later).is_err());
        breaker.leave(&probe, &Ok(()), later);
        assert!(breaker.is_closed());
        assert!(once(&breaker, Access::Read, &Ok(()), later));
        assert!(breaker.trouble().is_some(), "what was wrong is still known");
    }

    #[test]
    fn a_probe_that_fails_opens_it_anew_and_one_that_was_cancelled_makes_room_for_another() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + REST;
        let probe = breaker.enter(Access::Read, later).unwrap();
        breaker.leave(&probe, &Err::<(), _>(RemoteError::Cancelled), later);
        assert!(once(&breaker, Access::Read, &failed(), later));
        assert!(breaker.enter(Access::Read, later + REST / 2).is_err());
        assert!(breaker.enter(Access::Read, later + REST).is_ok());
    }

    #[test]
    fn a_token_that_only_reads_goes_on_reading() {
        let (breaker, now) = (Breaker::new(None), Instant::now());
        assert!(once(&breaker, Access::Write, &unauthorized(403), now));
        assert!(breaker.enter(Access::Write, now + REST * 100).is_err());
        assert!(once(&breaker, Access::Read, &Ok(()), now));
        assert!(breaker.trouble().unwrap().contains("403"));
    }

    #[test]
    fn a_wrong_token_ends_everything_for_good() {
        for (status, access) in [(401, Access::Write), (401, Access::Read), (403, Access::Read)] {
            let (breaker, now) = (Breaker::new(None), Instant::now());
            assert!(once(&breaker, access, &unauthorized(status), now));
            assert!(breaker.enter(Access::Read, now + REST * 100).is_err());
            assert!(breaker.enter(Access::Write, now + REST * 100).is_err());
        }
    }

    #[test]
    fn an_answer_is_no_failure() {
        let (breaker, now) = (Breaker::new(None), Instant::now());
        let too_large = Err(RemoteError::Refused {
            host: "cache:80".into(),
            status: 413,
            detail: String::new(),
        });
        for _ in 0..10 {
            assert!(once(&breaker, Access::Write, &too_large, now));
        }
    }
    #[tokio::test]
    async fn what_began_in_doubt_ends_when_it_opens() {
        let (breaker, now) = (Breaker::new(None), Instant::now());
        let calm = breaker.enter(Access::Read, now).unwrap();
        once(&breaker, Access::Read, &failed(), now);
        let doubtful = breaker.enter(Access::Write, now).unwrap();
        let soon = Duration::from_millis(5);
        assert!(tokio::time::timeout(soon, doubtful.is_in_vain()).await.is_err());
        once(&breaker, Access::Read, &failed(), now);
        once(&breaker, Access::Read, &failed(), now);
        doubtful.is_in_vain().await;
        // It may be in the middle of a large artifact.
        assert!(tokio::time::timeout(soon, calm.is_in_vain()).await.is_err());
    }
}
