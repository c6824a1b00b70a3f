//! One bucket: its objects are asked for and sent through `opendal`.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use opendal::{ErrorKind, HttpTransporter, OperationContext, Operator, services};
use url::Url;

use super::transport::{Observed, Seen, Transport};
use crate::key::Key;
use crate::remote::client::Client;
use crate::remote::error::RemoteError;
use crate::remote::health::Asked;
use crate::remote::location::{BucketKind, Location};
use crate::remote::names::{LARGEST_TAG, artifact_name, tag_name};
use crate::remote::received::Received;
use crate::remote::remote::{Fetched, Pushed};
use crate::remote::secret::Secret;
use crate::remote::settings::RemoteSettings;
use crate::remote::transfer::{Call, Limits};

/// How many questions are asked at once.
const AT_ONCE: usize = 16;
/// What is sent in one request: S3 takes parts of at least 5 MiB, and 10,000 of them.
const PART: usize = 8 * 1024 * 1024;
/// What is read from the file at once.
const PIECE: usize = 1024 * 1024;

/// A bucket.
pub(in crate::remote) struct Objects {
    client: Arc<Client>,
    operator: Operator,
    host: String,
    /// Where requests go, for what `vx info` says; not known of every provider.
    endpoint: Option<Url>,
}

/// The bucket as one request sees it.
struct View {
    operator: Operator,
    observed: Observed,
}

impl Objects {
    pub(in crate::remote) fn new(
        client: Client,
        settings: &RemoteSettings,
    ) -> Result<Self, RemoteError> {
        let location = &settings.location;
        Ok(Self {
            client: Arc::new(client),
            operator: operator(location, settings.token.as_ref())?,
            host: location.host(),
            endpoint: location.option("endpoint").and_then(|endpoint| Url::parse(endpoint).ok()),
        })
    }

    pub(in crate::remote) async fn fetch(
        &self,
        call: &Call,
        key: &Key,
        into: &Path,
        limits: Limits,
    ) -> Result<Option<Fetched>, RemoteError> {
        let artifact = async {
            let view = self.view(call, Some(limits.max_bytes));
            let mut received = None;
            let name = artifact_name(key);
            let read = view.read(&name, |piece| {
                if received.is_none() {
                    received = Some(Received::create(into, limits.max_bytes, &self.host)?);
                }
                received.as_mut().map_or(Ok(true), |received| received.take(piece).map(|()| true))
            });
            match read.await {
                Ok(()) if received.is_some() => Ok(received),
                // An object without a byte.
                Ok(()) => Received::create(into, limits.max_bytes, &self.host).map(Some),
                Err(failed) => self.absent_or(&view, failed).map(|()| None),
            }
        };
        let tag = async {
            let view = self.view(call, None);
            let mut text = Vec::new();
            let name = tag_name(key);
            let read = view.read(&name, |piece| {
                text.extend_from_slice(piece);
                Ok(text.len() <= LARGEST_TAG)
            });
            match read.await {
                Ok(()) => Ok(String::from_utf8(text).ok().filter(|text| text.len() <= LARGEST_TAG)),
                Err(failed) => self.absent_or(&view, failed).map(|()| None),
            }
        };
        let (artifact, tag) = tokio::try_join!(artifact, tag)?;
        Ok(artifact.map(|received| received.keep(tag)))
    }

    pub(in crate::remote) async fn push(
        &self,
        call: &Call,
        key: &Key,
        from: &Path,
        about: &Pushed<'_>,
    ) -> Result<(), RemoteError> {
        // The tag first: an artifact is never seen without it.
        if let Some(tag) = about.tag {
            let view = self.view(call, None);
            let written = view.operator.write(&tag_name(key), tag.to_owned()).await.map(|_| ());
            self.written(&view, written.map_err(Failed::Store))?;
        }
        let view = self.view(call, None);
        let written = view.write(&artifact_name(key), from).await;
        self.written(&view, written)
    }

    pub(in crate::remote) async fn has(
        &self,
        call: &Call,
        keys: &[Key],
    ) -> Result<HashSet<Key>, RemoteError> {
        futures_util::stream::iter(keys)
            .map(async |key| {
                let view = self.view(call, None);
                match view.operator.stat(&artifact_name(key)).await {
                    Ok(_) => Ok(Some(key.clone())),
                    Err(error) => self.absent_or(&view, Failed::Store(error)).map(|()| None),
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_filter_map(async |key| Ok(key))
            .try_collect()
            .await
    }

    pub(in crate::remote) async fn check(
        &self,
        call: &Call,
        asked: &mut Asked,
    ) -> Result<(), RemoteError> {
        if let Some(endpoint) = &self.endpoint {
            asked.reached(&self.client, endpoint);
        }
        let view = self.view(call, None);
        // No key that a task can have. Read, not looked up: an answer to the latter does not say why.
        let name = format!("{}.tar.zst", "0".repeat(32));
        let read = view.read(&name, |_| Ok(false)).await;
        asked.date.clone_from(&view.seen().date);
        match read {
            Ok(()) => Ok(()),
            Err(failed) => self.absent_or(&view, failed),
        }
    }

    /// The bucket for one request, which reads at most `limit` bytes.
    fn view(&self, call: &Call, limit: Option<u64>) -> View {
        let observed = Observed::default();
        let transport = Transport {
            client: Arc::clone(&self.client),
            call: call.clone(),
            limit,
            host: self.host.clone(),
            observed: observed.clone(),
        };
        let context = OperationContext::new().with_http_transport(HttpTransporter::new(transport));
        View { operator: self.operator.clone().with_context(context), observed }
    }

    /// Nothing, if what failed is that there is no such object.
    fn absent_or(&self, view: &View, failed: Failed) -> Result<(), RemoteError> {
        match failed {
            Failed::Store(error) if error.kind() == ErrorKind::NotFound => {
                let code = view.seen().code.clone();
                match code.as_deref() {
                    Some(code @ ("NoSuchBucket" | "ContainerNotFound")) => {
                        Err(self.refusal(404, Some(code), None))
                    }
                    _ => Ok(()),
                }
            }
            failed => Err(self.error(view, failed)),
        }
    }

    fn written(&self, view: &View, written: Result<(), Failed>) -> Result<(), RemoteError> {
        match written {
            Ok(()) => Ok(()),
            // Somebody was faster: what is there is what would have been sent.
            Err(Failed::Store(error))
                if matches!(
                    error.kind(),
                    ErrorKind::AlreadyExists | ErrorKind::ConditionNotMatch | ErrorKind::Conflict
                ) =>
            {
                Ok(())
            }
            Err(failed) => Err(self.error(view, failed)),
        }
    }

    /// What failed, in the words of this crate: what a library says may hold a signed URL.
    fn error(&self, view: &View, failed: Failed) -> RemoteError {
        let error = match failed {
            Failed::Here(error) => return error,
            Failed::Store(error) => error,
        };
        let mut seen = view.seen();
        if let Some(error) = seen.error.take() {
            return error;
        }
        match (seen.status, error.kind()) {
            (Some(status @ 400..), _) => {
                self.refusal(status, seen.code.as_deref(), seen.retry_after)
            }
            (_, ErrorKind::ConfigInvalid) => {
                let reason = "its settings or credentials are incomplete".to_owned();
                RemoteError::Config { reason: format!("{}: {reason}", self.host) }
            }
            (Some(_), kind) => RemoteError::Answer {
                host: self.host.clone(),
                reason: format!("it cannot be understood ({kind})"),
            },
            (None, kind) => RemoteError::Config {
                reason: format!(
                    "{}: no request can be made ({kind}); are the provider's credentials in the environment?",
                    self.host
                ),
            },
        }
    }

    fn refusal(
        &self,
        status: u16,
        code: Option<&str>,
        retry_after: Option<Duration>,
    ) -> RemoteError {
        let host = self.host.clone();
        let detail = code.map(|code| format!(": {code}")).unwrap_or_default();
        match status {
            401 | 403 => RemoteError::Unauthorized { host, status, detail, advice: advice(code) },
            429 | 500..=599 => RemoteError::Server { host, status, detail, retry_after },
            _ => RemoteError::Refused { host, status, detail },
        }
    }
}

impl View {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.observed.seen()
    }

    /// Gives the pieces of an object to `take` until that says no.
    async fn read(
        &self,
        name: &str,
        mut take: impl FnMut(&[u8]) -> Result<bool, RemoteError>,
    ) -> Result<(), Failed> {
        let reader = self.operator.reader(name).await.map_err(Failed::Store)?;
        let mut stream = reader.into_stream(..).await.map_err(Failed::Store)?;
        while let Some(buffer) = stream.try_next().await.map_err(Failed::Store)? {
            for piece in buffer {
                if !take(&piece).map_err(Failed::Here)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Sends the file `from`: in one request if it is small, else part by part.
    async fn write(&self, name: &str, from: &Path) -> Result<(), Failed> {
        let here = |error: &std::io::Error| Failed::Here(RemoteError::file(from, error));
        let mut file = File::open(from).map_err(|error| here(&error))?;
        let mut writer =
            self.operator.writer_with(name).chunk(PART).await.map_err(Failed::Store)?;
        let sent = async {
            loop {
                let mut piece = vec![0; PIECE];
                let len = file.read(&mut piece).map_err(|error| here(&error))?;
                if len == 0 {
                    break;
                }
                piece.truncate(len);
                writer.write(Bytes::from(piece)).await.map_err(Failed::Store)?;
            }
            writer.close().await.map(|_| ()).map_err(Failed::Store)
        }
        .await;
        if sent.is_err() {
            // Parts of what was never whole cost money. What is seen of this is not what failed.
            let seen = std::mem::take(&mut *self.seen());
            let _ = writer.abort().await;
            *self.seen() = seen;
        }
        sent
    }
}

/// Where something failed.
enum Failed {
    Here(RemoteError),
    Store(opendal::Error),
}

/// What to look at when a provider refuses.
fn advice(code: Option<&str>) -> &'static str {
    match code {
        Some("RequestTimeTooSkewed") => "set the clock of this machine",
        Some("SignatureDoesNotMatch") => "check the secret key and the region",
        Some("InvalidAccessKeyId") => "check the access key",
        Some("ExpiredToken") => "get new credentials",
        _ => {
            "check the provider's credentials, and that they may read, write and list the bucket: without the last, S3 refuses to say that something is not there"
        }
    }
}

fn operator(location: &Location, token: Option<&Secret>) -> Result<Operator, RemoteError> {
    let Location::Bucket { kind, name, prefix, .. } = location else {
        return Err(RemoteError::Config { reason: "it is no bucket".to_owned() });
    };
    let endpoint = location.option("endpoint").unwrap_or_default();
    let built = match kind {
        BucketKind::S3 => {
            let mut s3 = services::S3::default()
                .bucket(name)
                .root(prefix)
                .endpoint(endpoint)
                .region(location.option("region").unwrap_or_default());
            if location.option("virtual_host") == Some("true") {
                s3 = s3.enable_virtual_host_style();
            }
            Operator::new(s3)
        }
        BucketKind::Gcs => {
            Operator::new(services::Gcs::default().bucket(name).root(prefix).endpoint(endpoint))
        }
        BucketKind::Azblob => Operator::new(
            services::Azblob::default().container(name).root(prefix).endpoint(endpoint),
        ),
        BucketKind::Ghac => Operator::new(
            services::Ghac::default()
                .version(name)
                .root(prefix)
                .endpoint(endpoint)
                .runtime_token(token.map(Secret::expose).unwrap_or_default()),
        ),
    };
    built.map_err(|error| RemoteError::Config {
        reason: format!("{}: {}", location.host(), error.message()),
    })
}
