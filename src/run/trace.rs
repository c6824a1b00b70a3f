//! Chrome's Trace Event Format, which Perfetto reads too: recorded lanes as one JSON object.
//!
//! Complete events (`X`) only, in whole microseconds: both ends of a span are cut to the microsecond, so what lay
//! inside something, or right after it, still does. The same lanes always give the same order of events.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::span::{Lane, Span};

/// A trace has one process, vx; what it starts is a span of the lane that waits for it.
const PROCESS: u32 = 1;

/// A whole trace.
#[derive(Debug, Serialize)]
pub(super) struct Trace {
    #[serde(rename = "displayTimeUnit")]
    unit: &'static str,
    #[serde(rename = "otherData")]
    about: Map<String, Value>,
    #[serde(rename = "traceEvents")]
    events: Vec<Event>,
}

#[derive(Debug, Serialize)]
struct Event {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    ph: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<u64>,
    pid: u32,
    tid: usize,
    #[serde(skip_serializing_if = "Value::is_null")]
    args: Value,
}

impl Trace {
    /// The trace of these lanes, the first of them on top; `about` is what is known of the run as a whole.
    #[must_use]
    pub(super) fn new(lanes: Vec<Lane>, about: Map<String, Value>) -> Self {
        let mut events = vec![named("process_name", 0, json!({ "name": "vx" }))];
        for (at, lane) in lanes.iter().enumerate() {
            let thread = at + 1;
            events.push(named("thread_name", thread, json!({ "name": lane.name })));
            events.push(named("thread_sort_index", thread, json!({ "sort_index": thread })));
        }
        for (at, lane) in lanes.into_iter().enumerate() {
            events.extend(lane.spans.into_iter().map(|span| complete(span, at + 1)));
        }
        Self { unit: "ms", about, events }
    }
}

/// Something about a process or a thread.
fn named(name: &str, tid: usize, args: Value) -> Event {
    let name = name.to_owned();
    Event { name, cat: None, ph: "M", ts: None, dur: None, pid: PROCESS, tid, args }
}

fn complete(span: Span, tid: usize) -> Event {
    let (ts, end) = (micros(span.began), micros(span.ended));
    Event {
        name: span.label.name.into_owned(),
        cat: Some(span.label.category),
        ph: "X",
        ts: Some(ts),
        dur: Some(end - ts),
        pid: PROCESS,
        tid,
        args: span.label.args,
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Label;

    #[test]
    fn events_have_what_the_format_wants() {
        let span = |name: &'static str, began, ended, args| Span {
            label: Label { category: "step", name: name.into(), args },
            began: Duration::from_nanos(began),
            ended: Duration::from_nanos(ended),
        };
        let spans = vec![
            span("outer", 1_999, 5_000, json!({ "id": "a#b" })),
            span("inner", 2_000, 4_001, Value::Null),
        ];
        let lane = Lane { rank: 7, name: "worker 1".to_owned(), spans };
        let about = Map::from_iter([("vxVersion".to_owned(), json!("1.2.3"))]);
        let trace = serde_json::to_value(Trace::new(vec![lane], about)).unwrap();
        let expected = json!({
            "displayTimeUnit": "ms",
            "otherData": { "vxVersion": "1.2.3" },
            "traceEvents": [
                { "name": "process_name", "ph": "M", "pid": 1, "tid": 0, "args": { "name": "vx" } },
                { "name": "thread_name", "ph": "M", "pid": 1, "tid": 1, "args": { "name": "worker 1" } },
                { "name": "thread_sort_index", "ph": "M", "pid": 1, "tid": 1, "args": { "sort_index": 1 } },
                { "name": "outer", "cat": "step", "ph": "X", "ts": 1, "dur": 4, "pid": 1, "tid": 1, "args": { "id": "a#b" } },
                { "name": "inner", "cat": "step", "ph": "X", "ts": 2, "dur": 2, "pid": 1, "tid": 1 },
            ],
        });
        assert_eq!(trace, expected);
    }
}
