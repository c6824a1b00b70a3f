//! Where the time of a thread goes: named spans, kept while somebody listens.
//!
//! A [`Recorder`] listens to the threads that hold one of its lanes. Everywhere else [`enter`], [`of`] and [`phase`]
//! do nothing: no clock is read and nothing is allocated. Two spans of one lane lie inside each other or apart, never
//! partly over each other, whatever is done with the guards. What the spans mean, and where they are written, is the
//! business of whoever records.

use std::borrow::Cow;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The category of what [`phase`] begins.
pub const PHASE: &str = "phase";

/// The category of what [`enter`] begins, unless it is labelled.
pub const STEP: &str = "step";

/// The rank of the lanes of [`beside`], after all others.
const BESIDE: usize = usize::MAX;

thread_local! {
    static LISTENING: RefCell<Option<Listening>> = const { RefCell::new(None) };
}

/// Collects the spans of one undertaking, on one clock.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    origin: Instant,
    ended: Mutex<Vec<Lane>>,
}

/// What one thread did while it held a lane.
#[derive(Debug)]
pub struct Lane {
    /// Its place among the lanes.
    pub rank: usize,
    /// What people call it.
    pub name: String,
    /// In the order in which they began: an outer span comes before those inside of it.
    pub spans: Vec<Span>,
}

/// A stretch of time on one lane.
#[derive(Debug)]
pub struct Span {
    /// What it is.
    pub label: Label,
    /// When it began, on the recorder's clock.
    pub began: Duration,
    /// When it ended.
    pub ended: Duration,
}

/// What a span is.
#[derive(Debug)]
pub struct Label {
    /// Its kind: [`PHASE`], [`STEP`], or the recording side's own.
    pub category: &'static str,
    /// What people call it.
    pub name: Cow<'static, str>,
    /// What else is known of it: an object, or null.
    pub args: Value,
}

/// What this thread has recorded so far.
struct Listening {
    recorder: Recorder,
    lane: Lane,
    /// The spans that have not ended, from the outermost to the innermost.
    open: Vec<usize>,
}

impl Recorder {
    /// A recorder whose clock starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Arc::new(Shared { origin: Instant::now(), ended: Mutex::default() }))
    }

    /// Listens to this thread for as long as the returned guard lives.
    #[must_use]
    pub fn lane(&self, rank: usize, name: impl Into<String>) -> LaneGuard {
        let lane = Lane { rank, name: name.into(), spans: Vec::new() };
        let listening = Listening { recorder: self.clone(), lane, open: Vec::new() };
        let before = LISTENING.with_borrow_mut(|current| current.replace(listening));
        LaneGuard { before, here: PhantomData }
    }

    /// The lanes that were given up so far, by rank; each is given out once.
    #[must_use]
    pub fn take(&self) -> Vec<Lane> {
        let mut ended = self.0.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let lanes = std::mem::take(&mut *ended);
        drop(ended);
        let (short, mut lanes): (Vec<_>, Vec<_>) =
            lanes.into_iter().partition(|lane| lane.rank == BESIDE);
        lanes.sort_by_key(|lane| lane.rank);
        lanes.extend(joined(short));
        lanes
    }

    fn now(&self) -> Duration {
        self.0.origin.elapsed()
    }
}

/// Joins short lanes of one name that do not meet in time, so that there are as few as can be.
fn joined(mut short: Vec<Lane>) -> Vec<Lane> {
    let began = |lane: &Lane| lane.spans.first().map(|span| span.began);
    short.sort_by(|a, b| a.name.cmp(&b.name).then(began(a).cmp(&began(b))));
    let mut joined: Vec<(Option<Duration>, Lane)> = Vec::new();
    for lane in short {
        // The first span of such a lane is its outermost and ends last.
        let ends = lane.spans.first().map(|span| span.ended);
        let free = |(until, other): &&mut (Option<Duration>, Lane)| {
            other.name == lane.name && *until <= began(&lane)
        };
        match joined.iter_mut().find(free) {
            Some((until, other)) => {
                *until = ends;
                other.spans.extend(lane.spans);
            }
            None => joined.push((ends, lane)),
        }
    }
    joined.into_iter().map(|(_, lane)| lane).collect()
}

impl Listening {
    fn begin(&mut self, category: &'static str, name: &'static str, began: Duration) -> usize {
        let label = Label { category, name: Cow::Borrowed(name), args: Value::Null };
        let at = self.lane.spans.len();
        self.lane.spans.push(Span { label, began, ended: began });
        self.open.push(at);
        at
    }

    /// Ends the open spans from the given depth on.
    fn end(&mut self, depth: usize, ended: Duration) {
        for at in self.open.drain(depth..) {
            self.lane.spans[at].ended = ended;
        }
    }
}

/// The recorder that listens to this thread, for threads that are started from it.
#[must_use]
pub fn recorder() -> Option<Recorder> {
    LISTENING.with_borrow(|current| current.as_ref().map(|listening| listening.recorder.clone()))
}

/// Begins a span that ends when the returned guard is dropped.
#[must_use]
pub fn enter(name: &'static str) -> Open {
    let at = LISTENING.with_borrow_mut(|current| {
        let listening = current.as_mut()?;
        let now = listening.recorder.now();
        Some(listening.begin(STEP, name, now))
    });
    Open { at, here: PhantomData }
}

/// Does `work` in a span.
pub fn of<T>(name: &'static str, work: impl FnOnce() -> T) -> T {
    let _open = enter(name);
    work()
}

/// Does `work` in a span, on whatever thread this is called: for parts that a thread with a lane has done beside each
/// other. `recorder` is what listens to that one.
pub fn beside<T>(recorder: Option<&Recorder>, name: &'static str, work: impl FnOnce() -> T) -> T {
    let _lane = recorder.map(|recorder| recorder.lane(BESIDE, name));
    of(name, work)
}

/// Ends this thread's phase, if it is in one, and begins the next at the same moment.
pub fn phase(name: &'static str) {
    LISTENING.with_borrow_mut(|current| {
        let Some(listening) = current else { return };
        let now = listening.recorder.now();
        let is_phase = |at: &usize| listening.lane.spans[*at].label.category == PHASE;
        if let Some(depth) = listening.open.iter().position(is_phase) {
            listening.end(depth, now);
        }
        listening.begin(PHASE, name, now);
    });
}

/// A span that goes on.
#[derive(Debug)]
pub struct Open {
    /// Its place on the lane; `None` where nobody listens.
    at: Option<usize>,
    /// It stays on its thread.
    here: PhantomData<*const ()>,
}

impl Open {
    /// Says what the span is, once that is known. `label` is called only where somebody listens.
    pub fn label(&self, label: impl FnOnce() -> Label) {
        let Some(at) = self.at else { return };
        let label = label();
        LISTENING.with_borrow_mut(|current| {
            let listening = current.as_mut().filter(|listening| listening.open.contains(&at));
            if let Some(listening) = listening {
                listening.lane.spans[at].label = label;
            }
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(at) = self.at else { return };
        LISTENING.with_borrow_mut(|current| {
            let Some(listening) = current else { return };
            if let Some(depth) = listening.open.iter().rposition(|open| *open == at) {
                let now = listening.recorder.now();
                listening.end(depth, now);
            }
        });
    }
}

/// Keeps a lane. All spans on it end with it.
pub struct LaneGuard {
    /// What listened to the thread before.
    before: Option<Listening>,
    /// It stays on its thread.
    here: PhantomData<*const ()>,
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        let before = self.before.take();
        let done = LISTENING.with_borrow_mut(|current| std::mem::replace(current, before));
        let Some(mut done) = done else { return };
        let now = done.recorder.now();
        done.end(0, now);
        let Listening { recorder, lane, .. } = done;
        recorder.0.ended.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names with where each span lies among the others: `outer(inner)`.
    fn shape(lane: &Lane) -> Vec<(String, bool)> {
        let mut ends: Vec<Duration> = Vec::new();
        lane.spans
            .iter()
            .map(|span| {
                assert!(span.began <= span.ended);
                ends.retain(|end| *end > span.began);
                assert!(ends.iter().all(|end| span.ended <= *end), "{lane:?}");
                ends.push(span.ended);
                (span.label.name.clone().into_owned(), span.label.category == PHASE)
            })
            .collect()
    }

    fn tick() {
        let now = Instant::now();
        while now.elapsed().is_zero() {}
    }

    #[test]
    fn without_a_recorder_nothing_is_kept_and_no_label_is_made() {
        phase("a");
        let open = enter("b");
        open.label(|| unreachable!());
        assert_eq!(of("c", || 3), 3);
        assert!(recorder().is_none());
    }

    #[test]
    fn phases_follow_each_other_without_a_gap() {
        let recorder = Recorder::start();
        let lane = recorder.lane(0, "main");
        let run = enter("run");
        for name in ["a", "b", "c"] {
            phase(name);
            of("inside", tick);
            tick();
        }
        drop((run, lane));
        let [lane] = &recorder.take()[..] else { unreachable!() };
        let names = shape(lane);
        assert_eq!(names.len(), 7);
        let phases: Vec<&Span> =
            lane.spans.iter().filter(|span| span.label.category == PHASE).collect();
        assert!(phases.windows(2).all(|pair| pair[0].ended == pair[1].began));
        assert_eq!(phases[2].ended, lane.spans[0].ended);
        assert!(recorder.take().is_empty());
    }

    #[test]
    fn spans_nest_whatever_is_done_with_their_guards() {
        let recorder = Recorder::start();
        let lane = recorder.lane(0, "main");
        let outer = enter("outer");
        tick();
        let inner = enter("inner");
        tick();
        drop(outer);
        tick();
        inner.label(late);
        drop(inner);
        let left = enter("left open");
        tick();
        drop(lane);
        drop(left);
        let [lane] = &recorder.take()[..] else { unreachable!() };
        let names: Vec<String> = shape(lane).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["outer", "inner", "left open"]);
    }

    /// Of a span that has ended already; it is not taken.
    fn late() -> Label {
        Label { category: STEP, name: "late".into(), args: Value::Null }
    }

    #[test]
    fn what_is_done_beside_each_other_takes_no_more_lanes_than_it_must() {
        let recorder = Recorder::start();
        let main = recorder.lane(0, "main");
        for _ in 0..3 {
            beside(Some(&recorder), "a", || beside(Some(&recorder), "a", tick));
            beside(Some(&recorder), "b", tick);
        }
        beside(None, "c", tick);
        of("own", tick);
        drop(main);
        let lanes = recorder.take();
        let spans: Vec<_> =
            lanes.iter().map(|lane| (lane.name.as_str(), shape(lane).len())).collect();
        assert_eq!(spans, [("main", 2), ("a", 3), ("a", 3), ("b", 3)]);
    }

    #[test]
    fn each_thread_has_a_lane_of_its_own() {
        let recorder = Recorder::start();
        let main = recorder.lane(0, "main");
        let handed = super::recorder();
        std::thread::scope(|scope| {
            for rank in [2, 1] {
                let handed = handed.as_ref();
                scope.spawn(move || {
                    let _lane = handed.map(|recorder| recorder.lane(rank, format!("t{rank}")));
                    of("work", tick);
                });
            }
            // This one holds no lane.
            scope.spawn(|| of("unheard", tick));
        });
        drop(main);
        let lanes = recorder.take();
        let names: Vec<&str> = lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(names, ["main", "t1", "t2"]);
        assert_eq!(lanes.iter().map(|lane| lane.spans.len()).collect::<Vec<_>>(), [0, 1, 1]);
    }
}
