//! `vx cache push` and `vx cache pull`.

use serde_json::json;

use super::entry::print_json;
use crate::error::Result;
use crate::run::Invoked;
use crate::run::console::{Colour, count, size};
use crate::run::process::Stream;
use crate::run::transfer::{Direction, TransferOptions, Transferred, transfer};

/// Transfers results and says how many. 1 when some could not be.
pub(super) fn transfer_results(
    options: &TransferOptions,
    as_json: bool,
    invoked: Invoked<'_>,
) -> Result<i32> {
    let transferred = transfer(options, invoked)?;
    let console = invoked.console;
    let Transferred { done, bytes, there, absent, late, failed, problems } = &transferred;
    if as_json {
        let json = json!({
            "transferred": done, "bytes": bytes, "alreadyThere": there, "absent": absent, "late": late,
            "failed": failed, "problems": problems,
        });
        print_json(&json, console);
    } else {
        let (verb, from) = match options.direction {
            Direction::Push => ("Pushed", "in the local cache"),
            Direction::Pull => ("Pulled", "in the remote cache"),
        };
        let results = count(*done, "result", "results");
        console.line(&format!("{verb} {results}, {}", size(*bytes)));
        for (number, text) in [
            (*there, "there already".to_owned()),
            (*absent, format!("not {from}")),
            (*late, "known only when their tasks run".to_owned()),
            (*failed, "failed".to_owned()),
        ] {
            if number > 0 {
                console.line(&format!("  {number} {text}"));
            }
        }
        let warning = console.style(Stream::Err).paint(Colour::Yellow, "warning:");
        for problem in problems {
            console.note(&format!("{warning} {problem}"));
        }
    }
    Ok(i32::from(*failed > 0 || !problems.is_empty()))
}
