//! The way out for `opendal`: its requests go through `client.rs`, and what is answered is noted on the way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::DATE;
use opendal::{Buffer, ErrorKind, HttpBody, HttpTransport};
use url::Url;

use crate::remote::body::Body;
use crate::remote::client::{Answer, Client, Request, SHORT};
use crate::remote::error::RemoteError;
use crate::remote::network::is_of_this_machine;
use crate::remote::transfer::Call;

/// What the last answer said, besides what `opendal` makes of it.
#[derive(Default)]
pub(super) struct Seen {
    /// What went wrong on the way.
    pub(super) error: Option<RemoteError>,
    pub(super) status: Option<u16>,
    /// The provider's own name for what is wrong.
    pub(super) code: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) date: Option<String>,
}

/// [`Seen`], for both sides of `opendal`.
#[derive(Clone, Default)]
pub(super) struct Observed(Arc<Mutex<Seen>>);

impl Observed {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps `error` for whoever asked `opendal`, which gets another one.
    fn note(&self, error: RemoteError) -> opendal::Error {
        self.seen().error = Some(error);
        opendal::Error::new(ErrorKind::Unexpected, "the request failed")
    }
}

/// Nothing in the environment, and the machine that was asked for its own is none of a cloud.
const NO_CREDENTIALS: &str = "the provider's credentials are not set in the environment, and this machine has none of its own";

/// The way out for `opendal`.
pub(super) struct Transport {
    pub(super) client: Arc<Client>,
    pub(super) call: Call,
    /// How long a body may be.
    pub(super) limit: Option<u64>,
    /// What the store is called in errors.
    pub(super) host: String,
    pub(super) observed: Observed,
}

impl HttpTransport for Transport {
    async fn fetch(
        &self,
        request: http::Request<Buffer>,
    ) -> opendal::Result<http::Response<HttpBody>> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string())
            .map_err(|_| opendal::Error::new(ErrorKind::ConfigInvalid, "no URL can be made"))?;
        let own = is_of_this_machine(&url);
        let body = if body.is_empty() { Body::Empty } else { Body::Bytes(Iterator::collect(body)) };
        let request = Request { method: parts.method, url, headers: parts.headers, body };
        let answer = self.client.send(&self.call, request).await.map_err(|error| match error {
            RemoteError::Cancelled => self.observed.note(error),
            _ if own => {
                self.observed.note(RemoteError::Config { reason: NO_CREDENTIALS.to_owned() })
            }
            error => self.observed.note(error),
        })?;
        self.respond(answer, parts.uri).await.map_err(|error| self.observed.note(error))
    }
}

impl Transport {
    async fn respond(
        &self,
        mut answer: Answer,
        uri: http::Uri,
    ) -> Result<http::Response<HttpBody>, RemoteError> {
        let status = answer.status;
        *self.observed.seen() = Seen {
            status: Some(status.as_u16()),
            retry_after: answer.retry_after(),
            date: answer.header(&DATE).map(str::to_owned),
            ..Seen::default()
        };
        let mut response = http::Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = answer.headers.clone();
        response.extensions_mut().insert(uri);
        if status.is_client_error() || status.is_server_error() {
            let body = answer.beginning(SHORT, &self.call.deadlines).await?;
            self.observed.seen().code = code(&body);
            let stream = futures_util::stream::iter([Ok(Buffer::from(body))]);
            return Ok(response.map(|()| HttpBody::new(stream, None)));
        }
        let declared = answer.declared_len();
        if let (Some(limit), Some(declared)) = (self.limit, declared)
            && declared > limit
        {
            return Err(RemoteError::TooLarge { host: self.host.clone(), limit });
        }
        let (observed, deadlines) = (self.observed.clone(), Arc::clone(&self.call.deadlines));
        let stream = futures_util::stream::unfold(Some(answer), move |answer| {
            let (observed, deadlines) = (observed.clone(), Arc::clone(&deadlines));
            async move {
                let mut answer = answer?;
                match answer.chunk(&deadlines).await {
                    Ok(chunk) => Some((Ok(Buffer::from(chunk?)), Some(answer))),
                    Err(error) => Some((Err(observed.note(error)), None)),
                }
            }
        });
        Ok(response.map(|()| HttpBody::new(Box::pin(stream), None)))
    }
}

/// The code of an error: S3, Azure and Google say it in XML, GitHub in JSON.
fn code(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let in_xml = || Some(text.split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned());
    let in_json = || {
        let json: serde_json::Value = serde_json::from_slice(body).ok()?;
        json.get("code")?.as_str().map(str::to_owned)
    };
    let plain = |code: &String| {
        (1..=64).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    in_xml().or_else(in_json).filter(plain)
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn the_code_of_an_error() {
        let said =
            b"<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>x</Message></Error>";
        assert_eq!(code(said).as_deref(), Some("NoSuchKey"));
        let said = br#"{"code":"permission_denied","msg":"no"}"#;
        assert_eq!(code(said).as_deref(), Some("permission_denied"));
        for other in
            ["", "{\"code\":1}", "<Code></Code>", "<Code>a b</Code>", "<Code>x", "\u{fffd}"]
        {
            assert_eq!(code(other.as_bytes()), None, "{other}");
        }
    }
}
