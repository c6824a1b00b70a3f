//! The values of all configs of a workspace: recalled, or taken from their text, where that is sure, evaluated where not.
//!
//! Pure configs are evaluated before all others, so that whatever those do to the process they share does not reach
//! them; a pure config does nothing that could reach another.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::dependency::{Dependency, name_of};
use super::look::Look;
use super::recall::{are_settled, recall};
use super::recipe::{Recipe, recipes};
use super::runtime::Runtime;
use crate::cache::{ConfigValue, KnownConfigs};
use crate::config::{Evaluated, Evaluator, Unanswered};
use crate::memo::Memo;
use crate::span;

/// Configs whose values are wanted.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The workspace root.
    pub root: &'a Path,
    /// Where vx was started.
    pub cwd: &'a Path,
    /// The configs, absolute.
    pub files: &'a [PathBuf],
    /// Who evaluates.
    pub evaluator: &'a dyn Evaluator,
}

/// Their values.
#[derive(Debug, Default)]
pub struct Values {
    /// One answer a config, in order.
    pub answers: Vec<Evaluated>,
    /// Values to keep for later runs.
    pub learnt: Vec<ConfigValue>,
}

/// The values of configs: those of `known` that are still right, and all others evaluated.
///
/// # Errors
/// [`Unanswered`].
pub fn values(asked: Asked<'_>, known: &KnownConfigs) -> Result<Values, Unanswered> {
    let Some(runtime) = asked.evaluator.runtime() else {
        return pure_first(asked);
    };
    let Some(identity) = runtime.identity(asked.cwd) else {
        return pure_first(asked);
    };
    let mut recalled = recall(asked.root, runtime, &identity, known);
    let mut answers: Vec<Option<Evaluated>> = Vec::with_capacity(asked.files.len());
    let mut learnt = Vec::new();
    for file in asked.files {
        let found = name_of(asked.root, file).and_then(|name| recalled.remove(&name));
        answers.push(found.map(|found| {
            learnt.extend(found.again);
            Evaluated::Value(found.value)
        }));
    }
    let missing: Vec<usize> = answers
        .iter()
        .enumerate()
        .filter_map(|(at, answer)| answer.is_none().then_some(at))
        .collect();
    if !missing.is_empty() {
        let files: Vec<PathBuf> = missing.iter().map(|at| asked.files[*at].clone()).collect();
        let evaluated = find(Asked { files: &files, ..asked }, runtime, Some(&identity), true)?;
        learnt.extend(evaluated.learnt);
        for (at, answer) in missing.into_iter().zip(evaluated.answers) {
            answers[at] = Some(answer);
        }
    }
    Ok(Values { answers: answers.into_iter().flatten().collect(), learnt })
}

/// The values of configs, none recalled and none kept.
///
/// # Errors
/// [`Unanswered`].
pub fn pure_first(asked: Asked<'_>) -> Result<Values, Unanswered> {
    if asked.files.is_empty() {
        return Ok(Values::default());
    }
    if let Some(runtime) = asked.evaluator.runtime() {
        let identity = runtime.identity(asked.cwd);
        return find(asked, runtime, identity.as_deref(), false);
    }
    let answers = asked.evaluator.evaluate(asked.files)?;
    Ok(Values { answers, learnt: Vec::new() })
}

/// Finds values anew: those that texts tell, where nothing but the runtime itself has a say (it has an `identity`), and
/// all others by evaluation, the pure configs first. Those of pure configs are learnt if they may be.
fn find(
    asked: Asked<'_>,
    runtime: &Runtime,
    identity: Option<&str>,
    learn: bool,
) -> Result<Values, Unanswered> {
    let memo = Memo::default();
    let mut found = recipes(asked.root, asked.files, runtime, &memo);
    let told = found.iter_mut().map(|recipe| recipe.as_mut().ok()?.value.take());
    let mut answers: Vec<Option<Evaluated>> =
        told.map(|value| value.filter(|_| identity.is_some()).map(Evaluated::Value)).collect();
    let missing = (0..asked.files.len()).filter(|at| answers[*at].is_none());
    let (pure, live): (Vec<usize>, Vec<usize>) = missing.partition(|at| found[*at].is_ok());
    let mut batch = |batch: &[usize]| {
        if batch.is_empty() {
            return Ok(());
        }
        let files: Vec<PathBuf> = batch.iter().map(|at| asked.files[*at].clone()).collect();
        let given = span::of("evaluate", || asked.evaluator.evaluate(&files))?;
        for (at, answer) in batch.iter().zip(given) {
            answers[*at] = Some(answer);
        }
        Ok(())
    };
    batch(&pure)?;
    // Looked at again before anybody else's code runs.
    let identity = identity.filter(|_| learn);
    let settled = identity.map_or_else(Vec::new, |_| settled(asked.root, runtime, &found, &memo));
    batch(&live)?;
    let answers: Vec<Evaluated> = answers.into_iter().flatten().collect();
    let mut learnt = Vec::new();
    for (at, recipe) in settled {
        if let (Some(identity), Evaluated::Value(value)) = (identity, &answers[at]) {
            learnt.extend(value_to_keep(asked, at, recipe, value, runtime, identity));
        }
    }
    Ok(Values { answers, learnt })
}

/// The recipes that are now, after their configs were evaluated, what they were before.
fn settled<'f, E>(
    root: &Path,
    runtime: &Runtime,
    found: &'f [Result<Recipe, E>],
    memo: &Memo,
) -> Vec<(usize, &'f Recipe)> {
    let recipes = || found.iter().enumerate().filter_map(|(at, it)| Some((at, it.as_ref().ok()?)));
    let dependencies = recipes().flat_map(|(_, recipe)| &recipe.dependencies);
    let look = Look::at(dependencies, root, &runtime.real_package(), memo);
    let is_settled = |recipe: &Recipe| {
        are_settled(&recipe.dependencies, root, memo)
            && recipe
                .dependencies
                .iter()
                .all(|then| matches!(look.still(then), Some(Cow::Borrowed(_))))
    };
    recipes().filter(|(_, recipe)| is_settled(recipe)).collect()
}

fn value_to_keep(
    asked: Asked<'_>,
    at: usize,
    recipe: &Recipe,
    value: &Value,
    runtime: &Runtime,
    identity: &str,
) -> Option<ConfigValue> {
    let text = serde_json::to_string(value).ok()?;
    // A number that is not read as it was written would be another value.
    if serde_json::from_str::<Value>(&text).ok().as_ref() != Some(value) {
        return None;
    }
    let dependencies: Vec<&Dependency> = recipe.dependencies.iter().collect();
    let variables = recipe.variables.iter().map(|name| (name.clone(), runtime.variable(name)));
    Some(ConfigValue {
        path: name_of(asked.root, &asked.files[at])?,
        made_by: identity.to_owned(),
        depends_on: serde_json::to_string(&dependencies).ok()?,
        variables: variables.collect(),
        value: text,
    })
}
