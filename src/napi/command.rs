//! The command line, called from the `vx` bin: arguments in, exit code out, configs evaluated by JavaScript.

use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{CallbackContext, Function, JsValue, Object, PromiseRaw, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status};
use napi_derive::napi;

use super::blocking::guarded;
use super::error::to_js;
use crate::cli;
use crate::config::memo::Runtime;
use crate::config::{Evaluated, Evaluator, Unanswered};
use crate::run::stop::{Cause, Signal, Stop};

type Evaluate =
    ThreadsafeFunction<Vec<String>, PromiseRaw<'static, String>, Vec<String>, Status, false>;

/// The run that a signal is for: a process has one command line at most.
static CURRENT: Mutex<Option<Arc<Stop>>> = Mutex::new(None);

/// The runtime that evaluates configs, as it is before it has evaluated any.
#[napi(object)]
pub struct NativeRuntime {
    /// `node`, `bun`, or another.
    pub name: String,
    /// The versions of its parts, as one text.
    pub versions: String,
    pub executable: String,
    /// The options that it was started with.
    pub options: Vec<String>,
    /// The directory of this package.
    pub package_dir: String,
    /// The environment: names and values, in turn.
    pub variables: Vec<String>,
}

impl From<NativeRuntime> for Runtime {
    fn from(runtime: NativeRuntime) -> Self {
        let NativeRuntime { name, versions, executable, options, package_dir, variables } = runtime;
        let mut variables = variables.into_iter();
        let pairs = std::iter::from_fn(|| Some((variables.next()?, variables.next()?)));
        let variables = pairs.collect();
        Self { name, versions, executable, options, package: package_dir.into(), variables }
    }
}

/// Runs one command line to its exit code.
///
/// `evaluate` is given the paths of config files and resolves with a JSON array in the same order, each
/// `{"value": …}` or `{"error": {"message", "path"?}}`. It is called when a config has to be evaluated only.
#[napi(ts_return_type = "Promise<number>")]
pub fn run_cli<'env>(
    env: &'env Env,
    argv: Vec<String>,
    cwd: String,
    #[napi(ts_arg_type = "(paths: string[]) => Promise<string>")] evaluate: Function<
        '_,
        Vec<String>,
        PromiseRaw<'static, String>,
    >,
    runtime: NativeRuntime,
) -> napi::Result<Object<'env>> {
    let evaluate = evaluate.build_threadsafe_function().build()?;
    let (deferred, promise) = env.create_deferred()?;
    let stop = Arc::new(Stop::default());
    *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&stop));
    let work = move || {
        let evaluator = JsEvaluator { evaluate, stop: Arc::clone(&stop), runtime: runtime.into() };
        let code = guarded(|| Ok(cli::main(&argv, &PathBuf::from(cwd), &evaluator, &stop)));
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = None;
        deferred.resolve(move |env| code.map_err(|error| to_js(env, &error)));
    };
    std::thread::Builder::new().name("vx-main".into()).spawn(work)?;
    Ok(promise)
}

/// Tells the command line that runs of a signal: `SIGINT`, `SIGTERM` or `SIGHUP`. Anything else, and any
/// signal while nothing runs, is ignored.
#[napi]
pub fn interrupt(signal: String) {
    let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let (Some(stop), Some(signal)) = (current, Signal::from_name(&signal)) {
        stop.raise(Cause::Signal(signal));
    }
}

/// Evaluates on JavaScript's own thread and waits for its promise, or for the run to be stopped.
struct JsEvaluator {
    evaluate: Evaluate,
    stop: Arc<Stop>,
    runtime: Runtime,
}

impl Evaluator for JsEvaluator {
    fn runtime(&self) -> Option<&Runtime> {
        Some(&self.runtime)
    }

    fn evaluate(&self, paths: &[PathBuf]) -> Result<Vec<Evaluated>, Unanswered> {
        let names = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let (sender, receiver) = channel::<Result<String, String>>();
        let stopped = sender.clone();
        let _listening =
            self.stop.listen(move |_, _| drop(stopped.send(Err("the run was stopped".to_owned()))));
        let status = self.evaluate.call_with_return_value(
            names,
            ThreadsafeFunctionCallMode::NonBlocking,
            move |promise, _env| {
                let promise = match promise {
                    Ok(promise) => promise,
                    Err(error) => {
                        drop(sender.send(Err(error.to_string())));
                        return Ok(());
                    }
                };
                let rejected = sender.clone();
                promise
                    .then(move |context| {
                        drop(sender.send(Ok(context.value)));
                        Ok(())
                    })?
                    .catch(move |context: CallbackContext<Unknown<'_>>| {
                        let text = context.value.coerce_to_string();
                        let text = text.and_then(napi::JsString::into_utf8);
                        let text = text.and_then(|text| text.as_str().map(str::to_owned));
                        drop(rejected.send(Err(text.unwrap_or_else(|error| error.to_string()))));
                        Ok(())
                    })?;
                Ok(())
            },
        );
        if status != Status::Ok {
            return Err(Unanswered(status.to_string()));
        }
        let answer = receiver.recv().map_err(|error| Unanswered(error.to_string()))?;
        Evaluated::parse_all(&answer.map_err(Unanswered)?, paths)
    }
}
