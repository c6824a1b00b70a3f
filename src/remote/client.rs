//! Requests over HTTP: the only module that knows the HTTP client.
//!
//! Proxies, certificate authorities and redirects are as `network.rs` and `redirect.rs` say. No cookies, no
//! decompression; an answer that was compressed on its way all the same is refused. Every wait has a deadline.
//! Connections are kept for the next request.

use std::error::Error as _;
use std::path::Path;
use std::sync::OnceLock;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::time::{Instant, timeout};
use url::Url;

use super::body::{self, Body};
use super::error::{RemoteError, Wait};
use super::network::{Network, host, shown};
use super::pace::Pace;
use super::received::Received;
use super::redirect;
use super::transfer::{Call, Deadlines, Limits};

/// What is read of an answer that should be short.
pub(super) const SHORT: usize = 16 * 1024;

/// A request; can be sent more than once.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Body<'a>,
}

impl Request<'_> {
    /// This with another body.
    pub(super) fn with_body(self, body: Body<'_>) -> Request<'_> {
        let Self { method, url, headers, .. } = self;
        Request { method, url, headers, body }
    }
}

/// The client: one for all requests to one store.
pub(super) struct Client {
    network: Network,
    user_agent: String,
    connect: std::time::Duration,
    /// For addresses and proxies without TLS: needs no certificates, which take time to read.
    plain: OnceLock<Result<reqwest::Client, RemoteError>>,
    secure: OnceLock<Result<reqwest::Client, RemoteError>>,
}

/// The beginning of an answer; its body is still to come.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    host: String,
    response: reqwest::Response,
    pace: Pace,
}

impl Client {
    pub(super) fn new(network: Network, user_agent: String, deadlines: &Deadlines) -> Self {
        Self {
            network,
            user_agent,
            connect: deadlines.connect,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
        }
    }

    /// Sends `request` and follows where it is sent on to, until there is an answer.
    pub(super) async fn send(
        &self,
        call: &Call,
        mut request: Request<'_>,
    ) -> Result<Answer, RemoteError> {
        for _ in 0..=redirect::MOST_HOPS {
            let answer = self.send_once(call, &request).await?;
            if !redirect::is_redirect(answer.status) {
                self.is_from_the_store(&answer, &request)?;
                return Ok(answer);
            }
            let location = answer.header(&LOCATION);
            let to = redirect::target(&request.url, &request.method, answer.status, location)
                .map_err(|reason| answer.senseless(reason))?;
            request.headers = redirect::headers(&request.url, &to, &request.headers);
            request.url = to;
        }
        Err(RemoteError::Answer {
            host: host(&request.url),
            reason: "it redirects without end".to_owned(),
        })
    }

    /// The proxy that `url` is reached through, as it may be shown.
    pub(super) fn proxy_of(&self, url: &Url) -> Option<String> {
        self.network.proxy_of(url).map(shown)
    }

    /// Where certificates come from, in words.
    pub(super) fn trust(&self) -> String {
        let Network { cert_file, cert_dir, extra_certs, .. } = &self.network;
        let mut from: Vec<String> = Vec::new();
        from.extend(cert_file.iter().map(|path| format!("SSL_CERT_FILE ({})", path.display())));
        from.extend(cert_dir.iter().map(|path| format!("SSL_CERT_DIR ({})", path.display())));
        if from.is_empty() {
            from.push("the system".to_owned());
        }
        from.extend(extra_certs.iter().map(|path| {
            let unread = if certificates(path).is_err() { ", which cannot be read" } else { "" };
            format!("NODE_EXTRA_CA_CERTS ({}{unread})", path.display())
        }));
        format!("certificates from {}", from.join(" and "))
    }

    async fn send_once(&self, call: &Call, request: &Request<'_>) -> Result<Answer, RemoteError> {
        let to = host(&request.url);
        let mut headers = request.headers.clone();
        headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        if request.body.len() == 0 && !reads {
            headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
        }
        let sent = self
            .http(&request.url)?
            .request(request.method.clone(), request.url.clone())
            .headers(headers);
        let broken = |error: &reqwest::Error| broken(&to, self.connect, error);
        let deadlines = &call.deadlines;
        let first_byte = deadlines.connect + deadlines.first_byte;
        let response = if request.body.len() == 0 {
            timeout(first_byte, sent.send())
                .await
                .map_err(|_| timed_out(&to, Wait::FirstByte, deadlines.first_byte))?
                .map_err(|error| broken(&error))?
        } else {
            let (feed, sending) = body::channel(request.body.len());
            let answer = sent.body(reqwest::Body::wrap(sending)).send();
            let feeding = request.body.feed(feed, call);
            // What is uploaded may take a server its time to store; a question is answered like any other.
            let (wait, patience) = if request.method == Method::PUT {
                (Wait::Verdict, deadlines.verdict)
            } else {
                (Wait::FirstByte, first_byte)
            };
            tokio::pin!(answer, feeding);
            tokio::select! {
                biased;
                // Before everything is sent: most likely the server does not want it.
                early = &mut answer => early.map_err(|error| broken(&error))?,
                all = &mut feeding => {
                    all?;
                    timeout(patience, &mut answer)
                        .await
                        .map_err(|_| timed_out(&to, wait, patience))?
                        .map_err(|error| broken(&error))?
                }
            }
        };
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            host: to,
            response,
            pace: Pace::new(deadlines.slowest, deadlines.pace_over),
        })
    }

    /// Refuses what somebody between here and the store says or has changed.
    fn is_from_the_store(&self, answer: &Answer, request: &Request<'_>) -> Result<(), RemoteError> {
        if answer.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let proxy = self.proxy_of(&request.url).unwrap_or_default();
            return Err(RemoteError::Config {
                reason: format!(
                    "the proxy {proxy} wants a user and a password; write them into its URL, in HTTP_PROXY or HTTPS_PROXY"
                ),
            });
        }
        let encoding = answer.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        if let Some(encoding) =
            encoding.filter(|encoding| ![b"".as_slice(), b"identity"].contains(encoding))
        {
            let encoding = String::from_utf8_lossy(encoding);
            return Err(
                answer.senseless(format!("a machine on the way has packed it ({encoding})"))
            );
        }
        let page = answer.header(&CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"));
        if page && answer.status.is_success() && request.method == Method::GET {
            return Err(answer.senseless("it is a web page".to_owned()));
        }
        Ok(())
    }

    fn http(&self, url: &Url) -> Result<&reqwest::Client, RemoteError> {
        let proxied = self.network.proxy_of(url).is_some_and(|proxy| proxy.scheme() == "https");
        let secure = url.scheme() == "https" || proxied;
        let kept = if secure { &self.secure } else { &self.plain };
        kept.get_or_init(|| self.build(secure)).as_ref().map_err(Clone::clone)
    }

    fn build(&self, secure: bool) -> Result<reqwest::Client, RemoteError> {
        // The first one wins, and another copy of this is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = |reason: String| RemoteError::Config { reason };
        let mut builder = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect)
            .no_proxy();
        if self.network.http_proxy.is_some() || self.network.https_proxy.is_some() {
            let network = self.network.clone();
            builder =
                builder.proxy(reqwest::Proxy::custom(move |url| network.proxy_of(url).cloned()));
        }
        builder =
            if secure { self.with_certificates(builder)? } else { builder.tls_certs_only([]) };
        builder.build().map_err(|error| {
            config(format!(
                "no certificates to trust: {}; install the system's package of CA certificates, or name a file with SSL_CERT_FILE",
                innermost(&error)
            ))
        })
    }

    /// Those of the system, or what stands in their place, and those besides.
    fn with_certificates(
        &self,
        builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, RemoteError> {
        let Network { cert_file, cert_dir, extra_certs, .. } = &self.network;
        // As in Node, a file of extra certificates that is not there is no reason to stop.
        let extra =
            extra_certs.as_ref().and_then(|path| certificates(path).ok()).unwrap_or_default();
        if cert_file.is_none() && cert_dir.is_none() {
            return Ok(if extra.is_empty() { builder } else { builder.tls_certs_merge(extra) });
        }
        let mut trusted = extra;
        if let Some(path) = cert_file {
            trusted.extend(certificates(path).map_err(|reason| RemoteError::Config {
                reason: format!("SSL_CERT_FILE names {}, {reason}", path.display()),
            })?);
        }
        if let Some(directory) = cert_dir {
            let entries = std::fs::read_dir(directory).map_err(|error| RemoteError::Config {
                reason: format!("SSL_CERT_DIR names {}: {error}", directory.display()),
            })?;
            for entry in entries.flatten() {
                trusted.extend(certificates(&entry.path()).unwrap_or_default());
            }
        }
        Ok(builder.tls_certs_only(trusted))
    }
}

impl Answer {
    /// The next bytes of the body.
    pub(super) async fn chunk(
        &mut self,
        deadlines: &Deadlines,
    ) -> Result<Option<Bytes>, RemoteError> {
        let began = Instant::now();
        let chunk = timeout(deadlines.stall, self.response.chunk())
            .await
            .map_err(|_| timed_out(&self.host, Wait::NextBytes, deadlines.stall))?
            .map_err(|error| broken(&self.host, deadlines.connect, &error))?;
        let bytes = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if chunk.is_some() && !self.pace.moves(bytes, began.elapsed()) {
            return Err(timed_out(&self.host, Wait::Pace, deadlines.pace_over));
        }
        Ok(chunk)
    }

    /// The whole body, if it has at most `most` bytes; else its beginning.
    pub(super) async fn beginning(
        &mut self,
        most: usize,
        deadlines: &Deadlines,
    ) -> Result<Vec<u8>, RemoteError> {
        let mut body = Vec::new();
        while body.len() < most {
            let Some(chunk) = self.chunk(deadlines).await? else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]);
        }
        Ok(body)
    }

    /// Streams the body into the new file `into`, on behalf of the store `host`.
    pub(super) async fn receive<'a>(
        &mut self,
        deadlines: &Deadlines,
        into: &'a Path,
        limits: Limits,
        host: &'a str,
    ) -> Result<Received<'a>, RemoteError> {
        let mut received = Received::create(into, limits.max_bytes, host)?;
        received.expect(self.declared_len())?;
        while let Some(chunk) = self.chunk(deadlines).await? {
            received.take(&chunk)?;
        }
        Ok(received)
    }

    /// Takes in what is left of a short body, so that its connection can serve the next request.
    pub(super) async fn finish(mut self, deadlines: &Deadlines) {
        // Whether it comes or not, the answer has been given.
        let _ = self.beginning(SHORT, deadlines).await;
    }

    /// The length that the body is declared to have.
    pub(super) fn declared_len(&self) -> Option<u64> {
        self.header(&CONTENT_LENGTH)?.parse().ok()
    }

    /// A header, if it is text.
    pub(super) fn header(&self, name: &http::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// After how long the server wants to be asked again.
    pub(super) fn retry_after(&self) -> Option<std::time::Duration> {
        let text = self.header(&RETRY_AFTER)?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(std::time::Duration::from_secs(seconds));
        }
        let until = date(text)?.duration_since(std::time::SystemTime::now());
        Some(until.unwrap_or_default())
    }

    /// The error that this answer makes no sense.
    pub(super) fn senseless(&self, reason: String) -> RemoteError {
        RemoteError::Answer { host: self.host.clone(), reason }
    }
}

/// A date of HTTP.
pub(super) fn date(text: &str) -> Option<std::time::SystemTime> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(zoned.timestamp().into())
}

/// `base` with `segments` below it.
pub(super) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // Only a URL without a host has no segments, and no store has one.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

fn certificates(path: &std::path::Path) -> Result<Vec<reqwest::Certificate>, String> {
    let pem = std::fs::read(path).map_err(|error| format!("which cannot be read: {error}"))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| {
        format!("which holds no certificates in PEM form: {}", innermost(&error))
    })?;
    if certificates.is_empty() {
        return Err("which holds no certificates in PEM form".to_owned());
    }
    Ok(certificates)
}

fn timed_out(host: &str, wait: Wait, after: std::time::Duration) -> RemoteError {
    RemoteError::Timeout { host: host.to_owned(), wait, after }
}

/// What went wrong between here and the server.
fn broken(host: &str, connect: std::time::Duration, error: &reqwest::Error) -> RemoteError {
    if error.is_timeout() && error.is_connect() {
        return timed_out(host, Wait::Connection, connect);
    }
    let (host, reason) = (host.to_owned(), innermost(error));
    for cause in causes(error) {
        if cause.is::<rustls::Error>() {
            return RemoteError::Tls { host, reason };
        }
        let Some(error) = cause.downcast_ref::<hyper::Error>() else { continue };
        if error.is_parse() {
            return RemoteError::Answer { host, reason: "it is not HTTP".to_owned() };
        }
        if error.is_incomplete_message() {
            let reason = "the connection ended in the middle of the answer".to_owned();
            return RemoteError::Unreachable { host, reason };
        }
    }
    RemoteError::Unreachable { host, reason }
}

/// What the innermost of the causes says: the outer ones only say that something went wrong.
fn innermost(error: &reqwest::Error) -> String {
    let unknown = || "the request cannot be made".to_owned();
    causes(error).last().map_or_else(unknown, ToString::to_string)
}

/// The causes of `error`, from the outside in.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| {
        // An error of the system that holds another one does not name it as its cause.
        let held = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        held.map_or_else(|| cause.source(), |held| Some(held as &(dyn std::error::Error + 'static)))
    })
}
