//! The Turborepo wire: `/v8/artifacts` below a URL, with a bearer token and a team.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use super::body::Body;
use super::client::{Answer, Client, Request, SHORT, below};
use super::error::RemoteError;
use super::health::Asked;
use super::remote::{Event, Fetched, Pushed};
use super::secret::Secret;
use super::settings::{RemoteSettings, Team};
use super::transfer::{Call, Limits};
use crate::key::Key;

const DURATION: HeaderName = HeaderName::from_static("x-artifact-duration");
const TAG: HeaderName = HeaderName::from_static("x-artifact-tag");
const COMMIT: HeaderName = HeaderName::from_static("x-artifact-sha");
const CI: HeaderName = HeaderName::from_static("x-artifact-client-ci");

/// How many keys are asked for in one request, and how many single requests run at once.
const BATCH: usize = 500;
const AT_ONCE: usize = 16;
/// What is read of an answer about a batch of keys.
const LONG: usize = 4 * 1024 * 1024;

/// A server of the wire.
pub(super) struct Wire {
    client: Client,
    base: Url,
    token: Option<Secret>,
    team: Team,
    ci: Option<&'static str>,
    host: String,
    session: String,
    /// The server cannot be asked for many keys at once.
    no_batch: AtomicBool,
}

impl Wire {
    pub(super) fn new(client: Client, base: Url, settings: &RemoteSettings) -> Self {
        Self {
            client,
            base,
            token: settings.token.clone(),
            team: settings.team.clone(),
            ci: settings.ci,
            host: settings.location.host(),
            session: uuid::Uuid::new_v4().to_string(),
            no_batch: AtomicBool::new(false),
        }
    }

    pub(super) async fn fetch(
        &self,
        call: &Call,
        key: &Key,
        into: &Path,
        limits: Limits,
    ) -> Result<Option<Fetched>, RemoteError> {
        let mut answer = self.client.send(call, self.request(Method::GET, &[key.as_str()])).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                answer.finish(&call.deadlines).await;
                return Ok(None);
            }
            _ => return Err(self.refusal(call, answer).await),
        }
        let received = answer.receive(&call.deadlines, into, limits, &self.host).await?;
        let tag = answer.header(&TAG).map(str::to_owned);
        let duration_ms = answer.header(&DURATION).and_then(|text| text.trim().parse().ok());
        Ok(Some(Fetched { duration_ms, ..received.keep(tag) }))
    }

    pub(super) async fn push(
        &self,
        call: &Call,
        key: &Key,
        from: &Path,
        len: u64,
        about: &Pushed<'_>,
    ) -> Result<(), RemoteError> {
        let body = if len == 0 { Body::Empty } else { Body::File(from, len) };
        let mut request = self.request(Method::PUT, &[key.as_str()]).with_body(body);
        let headers = &mut request.headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(DURATION, HeaderValue::from(about.duration_ms));
        for (name, value) in [(TAG, about.tag), (COMMIT, about.commit)] {
            if let Some(value) = value {
                let value = HeaderValue::from_str(value).map_err(|_| RemoteError::Config {
                    reason: format!("{name} would hold a character that no header can have"),
                })?;
                headers.insert(name, value);
            }
        }
        if let Some(ci) = self.ci {
            headers.insert(CI, HeaderValue::from_static(ci));
        }
        let answer = self.client.send(call, request).await?;
        match answer.status {
            // Somebody was faster: what is there is what would have been sent.
            status if status.is_success() || status == StatusCode::CONFLICT => {
                answer.finish(&call.deadlines).await;
                Ok(())
            }
            _ => Err(self.refusal(call, answer).await),
        }
    }

    pub(super) async fn has(&self, call: &Call, keys: &[Key]) -> Result<HashSet<Key>, RemoteError> {
        let mut found = HashSet::new();
        for batch in keys.chunks(BATCH) {
            if let Some(known) = self.has_batch(call, batch).await? {
                found.extend(known);
                continue;
            }
            let mut asked = futures_util::stream::iter(batch)
                .map(async |key| {
                    Ok::<_, RemoteError>(self.head(call, key).await?.then(|| key.clone()))
                })
                .buffer_unordered(AT_ONCE);
            while let Some(key) = asked.try_next().await? {
                found.extend(key);
            }
        }
        Ok(found)
    }

    pub(super) async fn record(&self, call: &Call, events: &[Event]) -> Result<(), RemoteError> {
        let events: Vec<_> = events
            .iter()
            .map(|event| {
                serde_json::json!({
                    "sessionId": self.session,
                    "source": if event.remote { "REMOTE" } else { "LOCAL" },
                    "event": if event.hit { "HIT" } else { "MISS" },
                    "hash": event.key.as_str(),
                    "duration": event.duration_ms,
                })
            })
            .collect();
        let request = self.json(&["events"], &serde_json::Value::from(events));
        let answer = self.client.send(call, request).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(call, answer).await);
        }
        answer.finish(&call.deadlines).await;
        Ok(())
    }

    /// The status, and a route that needs the token: some servers give the first to anybody.
    pub(super) async fn check(&self, call: &Call, asked: &mut Asked) -> Result<(), RemoteError> {
        asked.reached(&self.client, &self.base);
        asked.team = self.team.id.clone().or_else(|| self.team.slug.clone());
        let status = self.client.send(call, self.request(Method::GET, &["status"])).await?;
        asked.date = status.header(&DATE).map(str::to_owned);
        let known = status.status == StatusCode::OK;
        if status.status.is_server_error() {
            return Err(self.refusal(call, status).await);
        }
        // No key that a task can have.
        let answer = self.client.send(call, self.request(Method::HEAD, &[&"0".repeat(32)])).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::NOT_FOUND if known => Ok(()),
            StatusCode::NOT_FOUND => Err(answer.senseless(
                "neither /v8/artifacts/status nor /v8/artifacts is known there".to_owned(),
            )),
            // An answer to HEAD says no more than its status; the same question in full says why.
            _ => {
                let full = self.request(Method::GET, &[&"0".repeat(32)]);
                let answer = self.client.send(call, full).await?;
                if matches!(answer.status, StatusCode::OK | StatusCode::NOT_FOUND) {
                    return Ok(());
                }
                Err(self.refusal(call, answer).await)
            }
        }
    }

    /// Nothing where the server cannot be asked for many keys at once.
    async fn has_batch(&self, call: &Call, keys: &[Key]) -> Result<Option<Vec<Key>>, RemoteError> {
        if keys.len() < 2 || self.no_batch.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let hashes: Vec<&str> = keys.iter().map(Key::as_str).collect();
        let request = self.json(&[], &serde_json::json!({ "hashes": hashes }));
        let mut answer = self.client.send(call, request).await?;
        if answer.status == StatusCode::OK {
            let body = answer.beginning(LONG, &call.deadlines).await?;
            if let Ok(known) = serde_json::from_slice::<HashMap<String, serde_json::Value>>(&body) {
                let is_there = |key: &&Key| {
                    known.get(key.as_str()).is_some_and(|about| about.get("size").is_some())
                };
                return Ok(Some(keys.iter().filter(is_there).cloned().collect()));
            }
        } else if answer.status.is_server_error()
            || matches!(answer.status.as_u16(), 401 | 403 | 429)
        {
            return Err(self.refusal(call, answer).await);
        }
        self.no_batch.store(true, Ordering::Relaxed);
        Ok(None)
    }

    async fn head(&self, call: &Call, key: &Key) -> Result<bool, RemoteError> {
        let answer = self.client.send(call, self.request(Method::HEAD, &[key.as_str()])).await?;
        match answer.status {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refusal(call, answer).await),
        }
    }

    fn request(&self, method: Method, segments: &[&str]) -> Request<'static> {
        let mut url = below(&self.base, &["v8", "artifacts"]);
        if !segments.is_empty() {
            url = below(&url, segments);
        }
        for (name, value) in [("teamId", &self.team.id), ("slug", &self.team.slug)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        let mut headers = HeaderMap::new();
        if let Some(token) = self.token.as_ref().and_then(Secret::bearer) {
            headers.insert(AUTHORIZATION, token);
        }
        Request { method, url, headers, body: Body::Empty }
    }

    fn json(&self, segments: &[&str], body: &serde_json::Value) -> Request<'static> {
        let mut request = self.request(Method::POST, segments);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = Body::Bytes(vec![body.to_string().into()]);
        request
    }

    /// The error of an answer that is neither what was asked for nor that it is not there.
    async fn refusal(&self, call: &Call, mut answer: Answer) -> RemoteError {
        let retry_after = answer.retry_after();
        let status = answer.status;
        // What the server says of it is welcome, but not waited for in vain.
        let said = answer.beginning(SHORT, &call.deadlines).await.unwrap_or_default();
        let said = message(&said);
        let said = self.token.as_ref().map_or_else(|| said.clone(), |token| token.redact(&said));
        let detail = if said.is_empty() { said } else { format!(": {said}") };
        let (host, status) = (self.host.clone(), status.as_u16());
        match status {
            400 | 401 | 403 => {
                let advice = match (&self.token, self.team != Team::default()) {
                    (None, _) => "set VX_REMOTE_CACHE_TOKEN",
                    (Some(_), false) => "set VX_REMOTE_CACHE_TEAM, or check VX_REMOTE_CACHE_TOKEN",
                    (Some(_), true) => {
                        "check VX_REMOTE_CACHE_TOKEN, and that it may be used for this team"
                    }
                };
                RemoteError::Unauthorized { host, status, detail, advice }
            }
            429 | 500..=599 => RemoteError::Server { host, status, detail, retry_after },
            200..=399 => answer.senseless(format!("its status is {status}")),
            _ => RemoteError::Refused { host, status, detail },
        }
    }
}

/// What an answer says in words: the message of its JSON, if it has one.
pub(super) fn message(body: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else { return String::new() };
    let text = ["/message", "/error/message", "/error"]
        .iter()
        .find_map(|at| json.pointer(at).and_then(serde_json::Value::as_str))
        .unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn the_words_of_an_answer() {
        for (body, expected) in [
            (
                r#"{"statusCode":400,"error":"Bad Request","message":"Missing header"}"#,
                "Missing header",
            ),
            (r#"{"error":{"code":"forbidden","message":"Not\nyours"}}"#, "Notyours"),
            (r#"{"error":"plain"}"#, "plain"),
            ("<html>", ""),
            ("[]", ""),
        ] {
            assert_eq!(message(body.as_bytes()), expected, "{body}");
        }
    }
}
