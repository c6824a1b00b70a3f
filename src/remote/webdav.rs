//! A `WebDAV` collection: artifacts are files in it, signatures files beside them.
//!
//! Spoken without a library for it: an upload is streamed from its file, whatever its size.

use std::collections::HashSet;
use std::path::Path;

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use super::body::Body;
use super::client::{Answer, Client, Request, below};
use super::error::RemoteError;
use super::health::Asked;
use super::names::{LARGEST_TAG, artifact_name, tag_name};
use super::remote::{Fetched, Pushed};
use super::settings::RemoteSettings;
use super::transfer::{Call, Limits};
use crate::key::Key;

/// How many questions are asked at once.
const AT_ONCE: usize = 16;

/// A server of `WebDAV`.
pub(super) struct WebDav {
    client: Client,
    base: Url,
    authorization: Option<HeaderValue>,
    host: String,
}

impl WebDav {
    pub(super) fn new(client: Client, base: Url, settings: &RemoteSettings) -> Self {
        let basic = settings.user.as_ref().and_then(|user| {
            settings
                .password
                .clone()
                .unwrap_or_else(|| super::Secret::new(String::new()))
                .basic(user)
        });
        let bearer = || settings.token.as_ref().and_then(super::Secret::bearer);
        Self { client, base, authorization: basic.or_else(bearer), host: settings.location.host() }
    }

    pub(super) async fn fetch(
        &self,
        call: &Call,
        key: &Key,
        into: &Path,
        limits: Limits,
    ) -> Result<Option<Fetched>, RemoteError> {
        let artifact = async {
            let request = self.request(Method::GET, &artifact_name(key));
            let mut answer = self.client.send(call, request).await?;
            match answer.status {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND => {
                    answer.finish(&call.deadlines).await;
                    return Ok(None);
                }
                _ => return Err(self.refusal(&answer)),
            }
            answer.receive(&call.deadlines, into, limits, &self.host).await.map(Some)
        };
        let (artifact, tag) = tokio::try_join!(artifact, self.tag(call, key))?;
        Ok(artifact.map(|received| received.keep(tag)))
    }

    pub(super) async fn push(
        &self,
        call: &Call,
        key: &Key,
        from: &Path,
        len: u64,
        about: &Pushed<'_>,
    ) -> Result<(), RemoteError> {
        // The tag first: an artifact is never seen without it.
        if let Some(tag) = about.tag {
            let body = Body::Bytes(vec![tag.to_owned().into()]);
            self.put(call, &tag_name(key), body).await?;
        }
        let body = if len == 0 { Body::Empty } else { Body::File(from, len) };
        self.put(call, &artifact_name(key), body).await
    }

    pub(super) async fn has(&self, call: &Call, keys: &[Key]) -> Result<HashSet<Key>, RemoteError> {
        futures_util::stream::iter(keys)
            .map(async |key| Ok(self.head(call, &artifact_name(key)).await?.then(|| key.clone())))
            .buffer_unordered(AT_ONCE)
            .try_filter_map(async |key| Ok(key))
            .try_collect()
            .await
    }

    pub(super) async fn check(&self, call: &Call, asked: &mut Asked) -> Result<(), RemoteError> {
        asked.reached(&self.client, &self.base);
        let request = self.request(Method::HEAD, &format!("{}.tar.zst", "0".repeat(32)));
        let answer = self.client.send(call, request).await?;
        asked.date = answer.header(&DATE).map(str::to_owned);
        match answer.status {
            StatusCode::OK | StatusCode::NOT_FOUND => Ok(()),
            _ => Err(self.refusal(&answer)),
        }
    }

    async fn tag(&self, call: &Call, key: &Key) -> Result<Option<String>, RemoteError> {
        let mut answer = self.client.send(call, self.request(Method::GET, &tag_name(key))).await?;
        match answer.status {
            StatusCode::OK => {
                let text = answer.beginning(LARGEST_TAG, &call.deadlines).await?;
                Ok(String::from_utf8(text).ok())
            }
            StatusCode::NOT_FOUND => {
                answer.finish(&call.deadlines).await;
                Ok(None)
            }
            _ => Err(self.refusal(&answer)),
        }
    }

    async fn put(&self, call: &Call, name: &str, body: Body<'_>) -> Result<(), RemoteError> {
        let mut request = self.request(Method::PUT, name).with_body(body);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        let answer = self.client.send(call, request.clone()).await?;
        if !matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::CONFLICT) {
            return self.taken(call, answer).await;
        }
        // The collection is not there yet.
        answer.finish(&call.deadlines).await;
        self.make_collections(call).await?;
        self.taken(call, self.client.send(call, request).await?).await
    }

    /// Makes every collection on the way to ours; those that are there already say so.
    async fn make_collections(&self, call: &Call) -> Result<(), RemoteError> {
        let names: Vec<&str> =
            self.base.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).collect();
        let mkcol = Method::from_bytes(b"MKCOL").unwrap_or(Method::POST);
        for depth in 1..=names.len() {
            let mut url = self.base.clone();
            url.set_path(&format!("/{}/", names[..depth].join("/")));
            let request =
                Request { url, method: mkcol.clone(), headers: self.headers(), body: Body::Empty };
            let answer = self.client.send(call, request).await?;
            // What cannot be made although it is missing shows in the upload itself.
            if answer.status == StatusCode::UNAUTHORIZED || answer.status.is_server_error() {
                return Err(self.refusal(&answer));
            }
        }
        Ok(())
    }

    async fn head(&self, call: &Call, name: &str) -> Result<bool, RemoteError> {
        let answer = self.client.send(call, self.request(Method::HEAD, name)).await?;
        match answer.status {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refusal(&answer)),
        }
    }

    async fn taken(&self, call: &Call, answer: Answer) -> Result<(), RemoteError> {
        if !answer.status.is_success() {
            return Err(self.refusal(&answer));
        }
        answer.finish(&call.deadlines).await;
        Ok(())
    }

    fn request(&self, method: Method, name: &str) -> Request<'static> {
        let url = below(&self.base, &[name]);
        Request { method, url, headers: self.headers(), body: Body::Empty }
    }

    fn headers(&self) -> HeaderMap {
        self.authorization.iter().map(|value| (AUTHORIZATION, value.clone())).collect()
    }

    fn refusal(&self, answer: &Answer) -> RemoteError {
        let (host, status, detail) = (self.host.clone(), answer.status.as_u16(), String::new());
        match status {
            401 | 403 => RemoteError::Unauthorized {
                host,
                status,
                detail,
                advice: "check VX_REMOTE_CACHE_USER and VX_REMOTE_CACHE_PASSWORD, or VX_REMOTE_CACHE_TOKEN",
            },
            429 | 500..=599 => {
                RemoteError::Server { host, status, detail, retry_after: answer.retry_after() }
            }
            200..=399 => answer.senseless(format!("its status is {status}")),
            _ => RemoteError::Refused { host, status, detail },
        }
    }
}
