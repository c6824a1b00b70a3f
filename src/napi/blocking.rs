//! Work that blocks, on the runtime's own thread pool, as a promise that rejects with a code.

use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Task};

use super::error::{Panicked, to_js};
use crate::error::{Error, Result};

type Work<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// One piece of work and how it failed.
pub struct Blocking<T> {
    work: Option<Work<T>>,
    error: Option<Error>,
}

/// Queues `work`; the promise rejects with the error's code. A panic inside rejects with `VX_INTERNAL`.
pub(super) fn blocking<T>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> AsyncTask<Blocking<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(Blocking { work: Some(Box::new(work)), error: None })
}

/// Runs `work` here and now, a panic made an error.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(Panicked::from_payload(payload.as_ref()).into()))
}

impl<T> Task for Blocking<T>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> napi::Result<T> {
        let work =
            self.work.take().ok_or_else(|| napi::Error::from_reason("work can run only once"))?;
        guarded(work).map_err(|error| {
            let reason = error.to_string();
            self.error = Some(error);
            napi::Error::from_reason(reason)
        })
    }

    fn resolve(&mut self, _env: Env, output: T) -> napi::Result<T> {
        Ok(output)
    }

    fn reject(&mut self, env: Env, error: napi::Error) -> napi::Result<T> {
        Err(self.error.take().map_or(error, |error| to_js(env, &error)))
    }
}
