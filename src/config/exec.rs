//! What a task runs.

use std::collections::BTreeMap;
use std::time::Duration;

use super::reader::Place;

/// The command of a task and how it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecConfig {
    /// For the shell; never blank.
    pub command: String,
    /// The environment beyond the short strict list.
    pub env: EnvConfig,
    /// When the command is stopped.
    pub timeout: Option<Duration>,
    /// How often a failed command is run again, at most ten.
    pub retries: Option<u32>,
    /// Set for a command that does not end by itself.
    pub persistent: Option<Persistent>,
}

/// Environment of a command beyond the short strict list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvConfig {
    /// Names whose values reach the child and no key.
    pub pass_through: Vec<String>,
    /// Values set for the child; part of the config and so of the key.
    pub define: BTreeMap<String, String>,
}

/// A command that does not end by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Persistent {
    /// Its dependents start when this text shows up in what it prints; without it, once it was spawned.
    pub ready_when: Option<String>,
}

impl ExecConfig {
    pub(super) fn read(place: &Place<'_>) -> Option<Self> {
        let known = ["command", "env", "timeout", "retries", "persistent"];
        let exec = place.object(&known, "{ command: \"tsc -p .\" }")?;
        let command = exec
            .require("command", "\"tsc -p .\"")
            .and_then(|command| command.filled_string().map(str::to_owned));
        let env =
            exec.get("env").map_or_else(|| Some(EnvConfig::default()), |env| EnvConfig::read(&env));
        let timeout = exec.get("timeout").and_then(|timeout| {
            timeout.integer(1..=u64::MAX, "a positive whole number of milliseconds")
        });
        let retries = exec
            .get("retries")
            .and_then(|retries| retries.integer(0..=10, "a whole number from 0 to 10"));
        let persistent =
            exec.get("persistent").and_then(|persistent| Persistent::read(&persistent));
        if let (Some(retries), Some(_)) = (exec.get("retries"), exec.get("persistent")) {
            retries.problem(
                "a persistent task is never run again",
                "remove `retries` or `persistent`".to_owned(),
            );
        }
        Some(Self {
            command: command?,
            env: env?,
            timeout: timeout.map(Duration::from_millis),
            retries: retries.and_then(|retries| u32::try_from(retries).ok()),
            persistent,
        })
    }
}

impl EnvConfig {
    fn read(place: &Place<'_>) -> Option<Self> {
        let example = "{ passThrough: [\"NPM_TOKEN\"], define: { NODE_ENV: \"production\" } }";
        let env = place.object(&["passThrough", "define"], example)?;
        let pass_through = env.get("passThrough").map_or_else(|| Some(Vec::new()), |p| names(&p));
        let define = env.get("define").map_or_else(|| Some(BTreeMap::new()), |d| definitions(&d));
        Some(Self { pass_through: pass_through?, define: define? })
    }
}

impl Persistent {
    fn read(place: &Place<'_>) -> Option<Self> {
        let example = "{}, or { readyWhen: \"…\" } with what it prints once it is ready";
        let persistent = place.object(&["readyWhen"], example)?;
        let ready_when =
            persistent.get("readyWhen").and_then(|text| text.filled_string().map(str::to_owned));
        Some(Self { ready_when })
    }
}

/// Names of environment variables, each once, in order.
pub(super) fn names(place: &Place<'_>) -> Option<Vec<String>> {
    let all = place.each(|element| {
        let name = element.string()?;
        let Some(problem) = name_problem(name) else { return Some(name.to_owned()) };
        element.problem(problem, BARE_NAME.to_owned());
        None
    })?;
    let mut names: Vec<String> = Vec::with_capacity(all.len());
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names)
}

fn definitions(place: &Place<'_>) -> Option<BTreeMap<String, String>> {
    let mut sound = true;
    let mut definitions = BTreeMap::new();
    for (name, value) in place.map("{ NODE_ENV: \"production\" }")?.entries() {
        if let Some(problem) = name_problem(name) {
            value.problem(problem, BARE_NAME.to_owned());
        }
        match value.string() {
            Some(text) if text.contains('\0') => {
                value.problem("an environment value cannot hold NUL", "remove it".to_owned());
            }
            Some(text) => drop(definitions.insert(name.to_owned(), text.to_owned())),
            None => sound = false,
        }
    }
    sound.then_some(definitions)
}

const BARE_NAME: &str = "write the bare name of one variable, such as \"NODE_ENV\"";

/// What is wrong with the name of an environment variable, if anything. A system would let more pass; but a
/// pattern, or `$NAME`, would silently stand for nothing, and what it was meant for would be missing in the key.
fn name_problem(name: &str) -> Option<String> {
    let odd = |c: char| c.is_whitespace() || matches!(c, '=' | '\0' | '*' | '$');
    if name.is_empty() {
        Some("an empty name of an environment variable".to_owned())
    } else {
        let found = name.chars().find(|&c| odd(c))?;
        Some(format!("{name:?} is no name of an environment variable: it holds {found:?}"))
    }
}
