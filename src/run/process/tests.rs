//! Real processes, from their start to their end.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::sink::{Sink, Stream};
use super::supervise::{Command, Exit, Finished, run};
use crate::run::environment::Variables;
use crate::run::stop::{Cause, Signal, Stop};

struct Ran {
    finished: Finished,
    out: String,
    err: String,
}

fn env() -> Variables {
    Variables::from([("PATH".into(), std::env::var_os("PATH").unwrap_or_default())])
}

fn run_in(dir: &Path, line: &str, timeout: Option<Duration>, stop: &Stop, sink: &Sink) -> Finished {
    run(Command { line, dir, env: &env(), timeout, keeps: None }, stop, sink).unwrap()
}

/// Runs it with either kind of sink: the outcome must be the same.
fn run_with(kind: fn(Take) -> Sink, line: &str, timeout: Option<Duration>, stop: &Stop) -> Ran {
    let seen: Arc<Mutex<(Vec<u8>, Vec<u8>)>> = Arc::default();
    let kept = Arc::clone(&seen);
    let sink = kind(Box::new(move |stream, bytes| {
        let mut seen = kept.lock().unwrap();
        match stream {
            Stream::Out => seen.0.extend_from_slice(bytes),
            Stream::Err => seen.1.extend_from_slice(bytes),
        }
    }));
    let finished = run_in(&std::env::temp_dir(), line, timeout, stop, &sink);
    let seen = seen.lock().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { finished, out: text(&seen.0), err: text(&seen.1) }
}

type Take = Box<dyn Fn(Stream, &[u8]) + Send + Sync>;

const KINDS: [fn(Take) -> Sink; 2] = [Sink::prompt, Sink::blocking];

fn run_line(line: &str, timeout: Option<Duration>, stop: &Stop) -> Ran {
    run_with(Sink::prompt, line, timeout, stop)
}

/// A sink like a terminal that is not read: it tells what it was given first, and then blocks until the sender that
/// comes with it is dropped.
fn blocked_sink() -> (Sink, Receiver<String>, Sender<()>) {
    let (told, first) = channel();
    let (release, released) = channel::<()>();
    let both = Mutex::new((told, released));
    let sink = Sink::blocking(move |_, bytes| {
        let both = both.lock().unwrap();
        let _ = both.0.send(String::from_utf8_lossy(bytes).into_owned());
        let _ = both.1.recv();
    });
    (sink, first, release)
}

/// Whether the process is gone, a moment after its kill; one that nobody reaped counts as gone.
fn ends(pid: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let ps = std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", pid.trim()])
            .output()
            .unwrap();
        let state = String::from_utf8(ps.stdout).unwrap();
        if state.trim().is_empty() || state.starts_with('Z') {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[test]
fn both_streams_and_the_code_come_back() {
    for kind in KINDS {
        let ran = run_with(kind, "echo out; echo err >&2; exit 3", None, &Stop::default());
        assert_eq!(
            (ran.finished.exit, ran.out.as_str(), ran.err.as_str()),
            (Exit::Code(3), "out\n", "err\n")
        );
        assert!(ran.finished.usage.peak_rss.is_some_and(|bytes| bytes > 100_000));
    }
}

#[test]
fn more_than_a_pipe_holds_comes_whole_and_in_order() {
    let numbers: Vec<String> = (1..=100_000).map(|number: u32| number.to_string()).collect();
    let expected = numbers.join("\n") + "\n";
    for kind in KINDS {
        let ran = run_with(kind, "seq 100000; seq 100000 >&2", None, &Stop::default());
        assert_eq!(ran.finished.exit, Exit::Code(0));
        assert!(ran.out == expected);
        assert!(ran.err == expected);
    }
}

#[test]
fn a_process_that_closes_its_streams_runs_on() {
    let ran = run_line("echo out; exec >&- 2>&-; sleep 0.5; exit 4", None, &Stop::default());
    assert_eq!((ran.finished.exit, ran.out.as_str()), (Exit::Code(4), "out\n"));
}

#[test]
fn a_signal_of_its_own_is_told() {
    assert_eq!(run_line("kill -9 $$", None, &Stop::default()).finished.exit, Exit::Signal(9));
}

#[test]
fn time_up_is_a_failure_even_with_exit_zero() {
    let ran = run_line(
        "trap 'exit 0' TERM; while :; do sleep 0.05; done",
        Some(Duration::from_millis(100)),
        &Stop::default(),
    );
    assert_eq!(ran.finished.exit, Exit::TimedOut);
}

#[test]
fn one_that_never_pauses_printing_has_its_time_limit_too() {
    for kind in KINDS {
        let ran = run_with(kind, "exec yes", Some(Duration::from_millis(100)), &Stop::default());
        assert_eq!(ran.finished.exit, Exit::TimedOut);
        assert!(ran.out.starts_with("y\ny\n"));
    }
}

#[test]
fn a_blocked_screen_delays_no_time_limit() {
    let (sink, first, release) = blocked_sink();
    let limit = Some(Duration::from_millis(300));
    std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            let line = "echo $$; exec sleep 1000";
            run_in(&std::env::temp_dir(), line, limit, &Stop::default(), &sink)
        });
        assert!(ends(&first.recv().unwrap()), "it is not ended while the screen is blocked");
        drop(release);
        assert_eq!(running.join().unwrap().exit, Exit::TimedOut);
    });
}

#[test]
fn a_blocked_screen_delays_no_stop() {
    let (sink, first, release) = blocked_sink();
    let stop = Stop::default();
    let (done, ended) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let line = "echo $$; exec sleep 1000";
            done.send(run_in(&std::env::temp_dir(), line, None, &stop, &sink)).unwrap();
        });
        let pid = first.recv().unwrap();
        stop.raise(Cause::Signal(Signal::Interrupt));
        // It does not wait for the screen: whoever reads that may have stopped reading, too.
        let finished = ended.recv_timeout(Duration::from_secs(10));
        drop(release);
        assert_eq!(finished.map(|finished| finished.exit), Ok(Exit::Stopped));
        assert!(ends(&pid));
    });
}

#[test]
fn a_slow_screen_gets_what_was_printed_last() {
    let dir = tempfile::tempdir().unwrap();
    let go = dir.path().join("go");
    let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
    let kept = Arc::clone(&seen);
    let (never, nothing) = channel::<()>();
    let nothing = Mutex::new(nothing);
    let sink = Sink::blocking(move |_, bytes| {
        let first = kept.lock().unwrap().is_empty();
        kept.lock().unwrap().extend_from_slice(bytes);
        if first {
            // The rest is printed now, and the leader exits, long before this one comes back.
            std::fs::write(&go, "").unwrap();
            let _ = nothing.lock().unwrap().recv_timeout(Duration::from_millis(1500));
        }
    });
    let line = "echo a; until [ -e go ]; do sleep 0.01; done; echo b";
    let finished = run_in(dir.path(), line, None, &Stop::default(), &sink);
    assert_eq!(finished.exit, Exit::Code(0));
    assert_eq!(*seen.lock().unwrap(), b"a\nb\n");
    drop(never);
}

#[test]
fn what_the_leader_leaves_in_its_group_is_ended() {
    let ran = run_line(
        "sleep 1000 & echo $!; sleep 1000 >/dev/null 2>&1 & echo $!",
        None,
        &Stop::default(),
    );
    assert_eq!(ran.finished.exit, Exit::Code(0));
    for pid in ran.out.lines() {
        assert!(ends(pid), "{pid} is alive");
    }
}

#[test]
fn a_stop_ends_grandchildren_too() {
    let stop = Arc::new(Stop::default());
    let raiser = Arc::clone(&stop);
    let (started, wait) = channel::<()>();
    let started = Mutex::new(Some(started));
    let sink = Sink::prompt(move |_, _| drop(started.lock().unwrap().take()));
    let stopper = std::thread::spawn(move || {
        let _ = wait.recv();
        raiser.raise(Cause::Signal(Signal::Interrupt));
    });
    let dir = tempfile::tempdir().unwrap();
    let line = "(trap '' INT; sleep 1000 & echo $! > pid; echo; wait)";
    let finished = run_in(dir.path(), line, None, &stop, &sink);
    stopper.join().unwrap();
    assert_eq!(finished.exit, Exit::Stopped);
    assert!(ends(&std::fs::read_to_string(dir.path().join("pid")).unwrap()));
}

#[test]
fn a_run_that_already_stops_starts_nothing_for_long() {
    let stop = Stop::default();
    stop.raise(Cause::Failure);
    assert_eq!(run_line("sleep 1000", None, &stop).finished.exit, Exit::Stopped);
}
