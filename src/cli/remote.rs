//! What `vx info` says of the remote cache: which it is, what may be done with it, and whether it answers.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::cache::{Access, Health};
use crate::config::RemoteConfig;
use crate::error::Error;
use crate::run::{Invoked, open_layer};

/// A remote that is configured.
pub(super) enum Looked {
    /// Its settings cannot be used.
    Unusable(Error),
    /// It was asked.
    Asked {
        /// What may be done with it.
        access: Access,
        /// Why it is not written to, where that is not for everybody to see.
        unwritable: Option<String>,
        /// How it does.
        health: Health,
    },
}

/// Asks the remote how it does; `None` where none is configured.
pub(super) fn look(config: &RemoteConfig, root: &Path, invoked: Invoked<'_>) -> Option<Looked> {
    match open_layer(None, config, root, invoked) {
        Ok(layer) => layer.map(|layer| Looked::Asked {
            access: layer.access(),
            unwritable: layer.unwritable().map(ToOwned::to_owned),
            health: layer.check(),
        }),
        Err(error) => Some(Looked::Unusable(error)),
    }
}

/// For `--json`.
pub(super) fn json(looked: &Looked) -> Value {
    match looked {
        Looked::Unusable(error) => json!({ "problem": error.to_string(), "code": error.code() }),
        Looked::Asked { access, unwritable, health } => {
            let facts: Map<String, Value> = health
                .facts
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
                .collect();
            json!({
                "store": health.store, "reads": access.read, "writes": access.write, "readOnlyBecause": unwritable,
                "problem": health.problem, "code": health.code, "facts": facts,
            })
        }
    }
}

/// For people.
pub(super) fn lines(looked: Option<&Looked>) -> Vec<String> {
    match looked {
        None => vec!["Remote:      none".to_owned()],
        Some(Looked::Unusable(error)) => {
            vec![format!("Remote:      cannot be used: {error} ({})", error.code())]
        }
        Some(Looked::Asked { access, unwritable, health }) => {
            let may = match (access.read, access.write) {
                (true, true) => "read and written",
                (true, false) => "only read",
                (false, true) => "only written",
                (false, false) => "not used",
            };
            let mut lines = vec![format!("Remote:      {}, {may}", health.store)];
            lines.extend(unwritable.iter().map(|reason| format!("  {reason}")));
            lines.extend(health.facts.iter().map(|(name, value)| format!("  {name}: {value}")));
            let problem = health.problem.iter().zip(health.code);
            lines.extend(problem.map(|(problem, code)| format!("  problem: {problem} ({code})")));
            lines
        }
    }
}
