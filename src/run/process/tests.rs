//! Real processes, from their start to their end.

use std::sync::mpsc::channel;
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

fn run_line(line: &str, timeout: Option<Duration>, stop: &Stop) -> Ran {
    let seen: Arc<Mutex<(Vec<u8>, Vec<u8>)>> = Arc::default();
    let kept = Arc::clone(&seen);
    let sink = Sink::prompt(move |stream, bytes| {
        let mut seen = kept.lock().unwrap();
        match stream {
            Stream::Out => seen.0.extend_from_slice(bytes),
            Stream::Err => seen.1.extend_from_slice(bytes),
        }
    });
    let env = Variables::from([("PATH".into(), std::env::var_os("PATH").unwrap_or_default())]);
    let dir = std::env::temp_dir();
    let finished =
        run(Command { line, dir: &dir, env: &env, timeout, keeps: None }, stop, &sink).unwrap();
    let seen = seen.lock().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { finished, out: text(&seen.0), err: text(&seen.1) }
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
    let ran = run_line("echo out; echo err >&2; exit 3", None, &Stop::default());
    assert_eq!(
        (ran.finished.exit, ran.out.as_str(), ran.err.as_str()),
        (Exit::Code(3), "out\n", "err\n")
    );
    assert!(ran.finished.usage.peak_rss.is_some_and(|bytes| bytes > 100_000));
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
    let env = Variables::from([("PATH".into(), std::env::var_os("PATH").unwrap_or_default())]);
    let dir = tempfile::tempdir().unwrap();
    let line = "(trap '' INT; sleep 1000 & echo $! > pid; echo; wait)";
    let command = Command { line, dir: dir.path(), env: &env, timeout: None, keeps: None };
    let finished = run(command, &stop, &sink).unwrap();
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
