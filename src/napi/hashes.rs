//! The pure hashes of the engine, for code that derives keys itself.

use std::path::PathBuf;

use napi::Env;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use super::blocking::{Blocking, blocking, guarded};
use super::error::{BadArgument, to_js};
use crate::git::Repo;
use crate::key;

/// The file id of one file on disk, in the object format of the repository that holds it.
#[napi(ts_return_type = "Promise<string>")]
pub fn hash_file(path: String) -> AsyncTask<Blocking<String>> {
    blocking(move || {
        let path = std::path::absolute(&path)
            .map_err(|error| BadArgument(format!("{path:?} is no path: {error}")))?;
        let dir = path.parent().map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let format =
            Repo::discover(&dir)?.map_or_else(Default::default, |repo| repo.object_format());
        Ok(crate::inputs::hash_file(&path, format)?.to_string())
    })
}

/// The hash of one task's evaluated config, given as JSON text.
#[napi]
pub fn hash_task_config(env: Env, json: String) -> napi::Result<String> {
    guarded(|| {
        let config = serde_json::from_str(&json).map_err(key::KeyError::Config)?;
        Ok(key::task_config_hash(&config))
    })
    .map_err(|error| to_js(env, &error))
}

/// The fingerprint of the workspace at a root: lockfiles and the workspace's shape.
#[napi(ts_return_type = "Promise<string>")]
pub fn workspace_fingerprint(workspace_root: String) -> AsyncTask<Blocking<String>> {
    blocking(move || Ok(key::workspace_fingerprint(&PathBuf::from(workspace_root))?))
}
