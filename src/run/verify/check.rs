//! Verifying the hits of a plan: which, how, and what is said about each.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::compare::{Difference, differences};
use super::scratch::{Scratch, closure, failed};
use crate::artifact::{Anchors, OutputPath};
use crate::cache::{Cache, RestoreSpec, RestoreTarget};
use crate::config::{CacheConfig, ExecConfig};
use crate::error::Result;
use crate::graph::TaskIx;
use crate::outputs::{self, OutputSpec};
use crate::run::console::{Colour, Console, count};
use crate::run::context::Context;
use crate::run::execute::execute_in;
use crate::run::plan::Planned;
use crate::run::process::{Exit, Stream};
use crate::run::task::output_spec;

/// What became of one hit.
enum Verdict {
    /// The same outputs came out.
    Same,
    /// These did not.
    Differs(Vec<Difference>),
    /// The command did not succeed in the scratch workspace.
    Failed(Exit),
}

/// Runs every hit of the plan again and compares. Misses are left alone.
///
/// # Errors
/// When a scratch workspace cannot be made or an artifact not be read.
pub(in crate::run) fn verify(
    context: &Context<'_>,
    planned: &[Planned],
    console: &Console,
    concurrency: usize,
) -> Result<i32> {
    let Some(cache) = context.cache else {
        console.line("Nothing to verify: there is no cache");
        return Ok(0);
    };
    let hits: Vec<TaskIx> =
        context.graph.indices().filter(|task| planned[task.index()].found.is_some()).collect();
    let verifier = Verifier { context, planned, cache };
    let results = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..concurrency.clamp(1, hits.len().max(1)) {
            scope.spawn(|| {
                while let Some(task) = hits.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if context.stop.is_raised() {
                        break;
                    }
                    let verdict = verifier.verify(*task);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((*task, verdict));
                    context.progress.done();
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(task, _)| *task);
    let cacheable = context.graph.nodes().iter().filter(|node| node.config.cache.is_some()).count();
    report(context, console, results, cacheable - hits.len())
}

/// Prints the verdicts. 1 when something is not so, else the code of what stopped the run, else 0.
fn report(
    context: &Context<'_>,
    console: &Console,
    results: Vec<(TaskIx, Result<Verdict>)>,
    misses: usize,
) -> Result<i32> {
    let style = console.style(Stream::Out);
    let mut wrong = 0;
    let total = results.len();
    for (task, verdict) in results {
        let id = &context.graph[task].id;
        match verdict? {
            Verdict::Same => {
                console.line(&format!("{id}: {}", style.paint(Colour::Green, "same outputs")));
            }
            Verdict::Failed(_) if context.stop.is_raised() => {}
            Verdict::Failed(exit) => {
                wrong += 1;
                let text = format!("the command {exit} with only what the task declares");
                console.line(&format!("{id}: {}", style.paint(Colour::Red, &text)));
            }
            Verdict::Differs(differences) => {
                wrong += 1;
                console.line(&format!("{id}: {}", style.paint(Colour::Red, "other outputs")));
                for Difference { name, how } in differences {
                    console.line(&format!("  {name} {how}"));
                }
            }
        }
    }
    let verified = count(total, "hit", "hits");
    let misses = count(misses, "miss", "misses");
    console.line("");
    console.line(&format!("Verified: {verified}, {wrong} wrong; {misses} left alone"));
    if wrong > 0 {
        console.line(
            "A wrong result means a task that is not deterministic, or that reads what it does not declare.",
        );
    }
    let stopped = context.stop.cause().and_then(crate::run::stop::Cause::exit_code);
    Ok(stopped.unwrap_or_else(|| i32::from(wrong > 0)))
}

struct Verifier<'a> {
    context: &'a Context<'a>,
    planned: &'a [Planned],
    cache: &'a Cache,
}

impl Verifier<'_> {
    fn verify(&self, task: TaskIx) -> Result<Verdict> {
        let node = &self.context.graph[task];
        let (Some(exec), Some(declared)) = (&node.config.exec, &node.config.cache) else {
            return Ok(Verdict::Same);
        };
        let scratch = self.lay_out(task)?;
        let exit = self.execute(task, exec, scratch.root())?;
        if exit != Exit::Code(0) {
            return Ok(Verdict::Failed(exit));
        }
        let expected = Scratch::new()?;
        let (stored, stored_spec) = self.stored(task, declared, expected.root())?;
        let spec = output_spec(self.context.workspace, node.project, declared, scratch.root());
        let anew = outputs::list(&spec)?;
        let found = differences((&stored, &stored_spec.anchors), (&anew, &spec.anchors))
            .map_err(failed(scratch.root()))?;
        Ok(if found.is_empty() { Verdict::Same } else { Verdict::Differs(found) })
    }

    /// Everything that the task's key vouches for, in a workspace of its own.
    fn lay_out(&self, task: TaskIx) -> Result<Scratch> {
        let (graph, workspace) = (self.context.graph, self.context.workspace);
        let scratch = Scratch::new()?;
        let below = closure(graph, task);
        let manifests = below.iter().map(|task| &workspace[graph[*task].project].manifest);
        scratch.add_manifests(workspace, manifests)?;
        scratch.add_modules(workspace)?;
        for part in &below {
            let planned = &self.planned[part.index()];
            for file in planned.components.harvest.iter().flat_map(|harvest| &harvest.files) {
                scratch.add(workspace.root(), &file.path)?;
            }
        }
        for upstream in below.into_iter().filter(|part| *part != task) {
            if let Some(declared) = &graph[upstream].config.cache {
                self.stored(upstream, declared, scratch.root())?;
            }
        }
        let dir = workspace[graph[task].project].dir.on(scratch.root());
        std::fs::create_dir_all(&dir).map_err(failed(&dir))?;
        Ok(scratch)
    }

    /// Puts the stored outputs of a task below `root`; one that has none stored has none to put.
    fn stored(
        &self,
        task: TaskIx,
        declared: &CacheConfig,
        root: &Path,
    ) -> Result<(Vec<OutputPath>, OutputSpec)> {
        let node = &self.context.graph[task];
        let planned = &self.planned[task.index()];
        let spec = output_spec(self.context.workspace, node.project, declared, root);
        if planned.found.is_none() {
            return Ok((Vec::new(), spec));
        }
        let Anchors { project, .. } = &spec.anchors;
        std::fs::create_dir_all(project).map_err(failed(project))?;
        let target = RestoreTarget::Declared(&spec);
        let restored = self
            .cache
            .restore(&planned.key, &RestoreSpec { target, found: None, worktree: None })?;
        let mut outputs: Vec<_> = restored.recorded.into_iter().map(|file| file.output).collect();
        outputs.sort();
        Ok((outputs, spec))
    }

    fn execute(&self, task: TaskIx, exec: &ExecConfig, root: &Path) -> Result<Exit> {
        let (finished, captured) = execute_in(self.context, task, exec, root, None, None)?;
        if finished.exit != Exit::Code(0) {
            let id = self.context.graph[task].id.to_string();
            self.context.printer.replay(&id, &captured.logs);
        }
        Ok(finished.exit)
    }
}
