//! From the engine's errors to JavaScript's: an `Error` with `code` and the message.

use napi::Env;
use napi::bindgen_prelude::{JsObjectValue, JsValue};

use crate::error::{Coded, Error};

/// Something in the engine panicked: a defect, told as one.
#[derive(Debug, thiserror::Error)]
#[error("the engine failed unexpectedly: {0}; please report this with what you ran")]
pub(super) struct Panicked(pub(super) String);

impl Coded for Panicked {
    fn code(&self) -> &'static str {
        "VX_INTERNAL"
    }
}

impl Panicked {
    pub(super) fn from_payload(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Self(text)
    }
}

/// An argument of the right type that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct BadArgument(pub(super) String);

impl Coded for BadArgument {
    fn code(&self) -> &'static str {
        "VX_ARGUMENT"
    }
}

/// Makes the JavaScript error that stands for `error`.
pub(super) fn to_js(env: Env, error: &Error) -> napi::Error {
    coded(env, error).unwrap_or_else(|failed| failed)
}

fn coded(env: Env, error: &Error) -> napi::Result<napi::Error> {
    let mut object = env.create_error(napi::Error::from_reason(error.to_string()))?;
    object.set_named_property("code", error.code())?;
    Ok(napi::Error::from(object.to_unknown()))
}
