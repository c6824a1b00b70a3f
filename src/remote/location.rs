//! Where the store is: the URL that a person wrote, understood by its scheme.
//!
//! A URL never holds a secret: one with a password, or with a query that is not known, is refused, and no
//! message repeats it.

use std::path::PathBuf;

use url::Url;

use super::error::SettingsError;
use super::network::{host, shown};

/// A store, without what is needed to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// The Turborepo wire below this URL.
    Wire(Url),
    /// A `WebDAV` collection.
    WebDav(Url),
    /// A bucket, a container, or a namespace of GitHub's cache.
    Bucket {
        kind: BucketKind,
        /// Bucket, container or, for GitHub, version.
        name: String,
        /// Without a slash at either end.
        prefix: String,
        /// `region`, `endpoint` and so on, in the order of [`BucketKind::options`].
        options: Vec<(&'static str, String)>,
    },
    /// A directory.
    Directory(PathBuf),
}

/// Which kind of bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BucketKind {
    S3,
    Gcs,
    Azblob,
    Ghac,
}

impl BucketKind {
    const fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azblob => "azblob",
            Self::Ghac => "ghac",
        }
    }

    /// What its URL's query may hold.
    const fn options(self) -> &'static [&'static str] {
        match self {
            Self::S3 => &["region", "endpoint", "virtual_host"],
            Self::Gcs | Self::Azblob => &["endpoint"],
            Self::Ghac => &[],
        }
    }
}

const EXAMPLES: &str = "write https://host, s3://bucket/prefix, gs://bucket/prefix, azblob://container/prefix, webdavs://host/path, ghac:// or file:///directory";

impl Location {
    /// Understands `text`, which `setting` holds.
    pub(super) fn parse(setting: &str, text: &str) -> Result<Self, SettingsError> {
        let wrong = |problem: String| SettingsError { setting: setting.to_owned(), problem };
        let url = Url::parse(text.trim()).map_err(|_| wrong(format!("is no URL; {EXAMPLES}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "holds a user or a password; set VX_REMOTE_CACHE_TOKEN, or VX_REMOTE_CACHE_USER and VX_REMOTE_CACHE_PASSWORD, in the environment instead"
                    .to_owned(),
            ));
        }
        if url.fragment().is_some() {
            return Err(wrong(
                "has a part after #, which means nothing here; remove it".to_owned(),
            ));
        }
        let location = match url.scheme() {
            "http" | "https" => {
                query(&url, &[]).map_err(wrong)?;
                Self::Wire(url)
            }
            "webdav" | "webdavs" => Self::WebDav(webdav(&url).map_err(wrong)?),
            "file" => {
                query(&url, &[]).map_err(wrong)?;
                Self::Directory(directory(&url).map_err(wrong)?)
            }
            "s3" => bucket(BucketKind::S3, &url).map_err(wrong)?,
            "gs" => bucket(BucketKind::Gcs, &url).map_err(wrong)?,
            "azblob" => bucket(BucketKind::Azblob, &url).map_err(wrong)?,
            "ghac" => bucket(BucketKind::Ghac, &url).map_err(wrong)?,
            other => {
                return Err(wrong(format!(
                    "has a scheme that vx does not know ({other}); {EXAMPLES}"
                )));
            }
        };
        Ok(location)
    }

    /// An option of a bucket.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        match self {
            Self::Bucket { options, .. } => {
                options.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
            }
            _ => None,
        }
    }

    /// The store in words, without secrets.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Wire(url) => format!("{}{}", shown(url), url.path().trim_end_matches('/')),
            Self::WebDav(url) => {
                format!("webdav at {}{}", shown(url), url.path().trim_end_matches('/'))
            }
            Self::Bucket { kind, name, prefix, .. } => {
                let slash = if prefix.is_empty() { "" } else { "/" };
                let at = self
                    .option("endpoint")
                    .and_then(|endpoint| Url::parse(endpoint).ok())
                    .map(|endpoint| format!(" at {}", shown(&endpoint)))
                    .unwrap_or_default();
                format!("{}://{name}{slash}{prefix}{at}", kind.scheme())
            }
            Self::Directory(path) => format!("the directory {}", path.display()),
        }
    }

    /// What the store is called in errors.
    pub(super) fn host(&self) -> String {
        match self {
            Self::Wire(url) | Self::WebDav(url) => host(url),
            Self::Bucket { .. } | Self::Directory(_) => self.describe(),
        }
    }
}

/// The options of a query, all of which have to be `known`.
fn query(url: &Url, known: &[&'static str]) -> Result<Vec<(&'static str, String)>, String> {
    let mut options = Vec::new();
    for (name, value) in url.query_pairs() {
        if looks_secret(&name) {
            return Err("holds a secret in its query; set it in the environment instead".to_owned());
        }
        let Some(known) = known.iter().find(|known| **known == name) else {
            let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(format!(
                "has an option {:?} that vx does not know; it knows {list}",
                &*name
            ));
        };
        options.push((*known, value.into_owned()));
    }
    Ok(options)
}

fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "key", "secret", "password", "passwd", "sig", "sas", "credential", "auth"]
        .iter()
        .any(|part| name.contains(part))
}

/// Bucket and prefix of a URL.
fn bucket(kind: BucketKind, url: &Url) -> Result<Location, String> {
    let options = query(url, kind.options())?;
    let prefix = url.path().trim_matches('/').to_owned();
    if prefix.split('/').any(|part| matches!(part, "." | "..")) || prefix.contains('%') {
        return Err(
            "has a path that a bucket cannot have; write letters, digits, - and _".to_owned()
        );
    }
    let name = match (kind, url.host_str().unwrap_or_default()) {
        (BucketKind::Ghac, "") => "vx",
        (BucketKind::Azblob, "") => {
            return Err("names no container; write azblob://container".to_owned());
        }
        (_, "") => return Err(format!("names no bucket; write {}://bucket", kind.scheme())),
        (_, name) => name,
    }
    .to_owned();
    if url.port().is_some() {
        return Err("has a port after the bucket; name the server with ?endpoint=".to_owned());
    }
    if let Some((_, endpoint)) = options.iter().find(|(name, _)| *name == "endpoint") {
        let usable = Url::parse(endpoint).is_ok_and(|endpoint| {
            matches!(endpoint.scheme(), "http" | "https")
                && endpoint.has_host()
                && endpoint.username().is_empty()
                && endpoint.password().is_none()
                && endpoint.query().is_none()
        });
        if !usable {
            return Err("has an endpoint that is no URL; write endpoint=https://host".to_owned());
        }
    }
    Ok(Location::Bucket { kind, name, prefix, options })
}

/// The HTTP URL of a `WebDAV` collection.
fn webdav(url: &Url) -> Result<Url, String> {
    let options = query(url, &["insecure"])?;
    let scheme = match options.first().map(|(_, value)| value.as_str()) {
        None | Some("false") => "https",
        Some("true") if url.scheme() == "webdav" => "http",
        Some("true") => return Err("is webdavs:// and insecure; write webdav://".to_owned()),
        Some(_) => return Err("has an option insecure that is neither true nor false".to_owned()),
    };
    let (Some(name), path) = (url.host_str().filter(|name| !name.is_empty()), url.path()) else {
        return Err(format!("names no host; write {}://host/path", url.scheme()));
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Url::parse(&format!("{scheme}://{name}{port}{path}")).map_err(|_| "is no URL".to_owned())
}

/// The directory of a `file:` URL.
fn directory(url: &Url) -> Result<PathBuf, String> {
    let relative = "names no absolute directory; write file:///directory";
    if url.host_str().is_some_and(|host| !host.is_empty()) {
        return Err(relative.to_owned());
    }
    let path = url.to_file_path().map_err(|()| relative.to_owned())?;
    if path.parent().is_none() {
        return Err("names the root of the disk; name a directory below it".to_owned());
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location, String> {
        Location::parse("VX_REMOTE_CACHE_URL", text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_scheme() {
        for (text, described) in [
            ("https://cache.example.com/", "https://cache.example.com"),
            ("http://cache:8080/turbo/", "http://cache:8080/turbo"),
            ("s3://bucket/a/b/?region=eu-central-1", "s3://bucket/a/b"),
            ("s3://bucket?endpoint=http://127.0.0.1:9000", "s3://bucket at http://127.0.0.1:9000"),
            ("gs://bucket/prefix", "gs://bucket/prefix"),
            ("azblob://container", "azblob://container"),
            ("ghac://", "ghac://vx"),
            ("ghac://v2", "ghac://v2"),
            ("webdavs://host/dav/", "webdav at https://host/dav"),
            ("webdav://host/dav", "webdav at https://host/dav"),
            ("webdav://host:81/dav?insecure=true", "webdav at http://host:81/dav"),
        ] {
            assert_eq!(parse(text).unwrap().describe(), described, "{text}");
        }
        #[cfg(unix)]
        assert_eq!(
            parse("file:///srv/cache%20dir").unwrap(),
            Location::Directory("/srv/cache dir".into())
        );
    }

    #[test]
    fn what_cannot_be_meant() {
        for (text, part) in [
            ("cache.example.com", "is no URL"),
            ("ftp://host", "does not know (ftp)"),
            ("s3:///prefix", "no bucket"),
            ("s3://bucket?zone=x", "does not know; it knows region"),
            ("s3://bucket/../other%2f", "path that a bucket cannot have"),
            ("s3://bucket:9000/x", "?endpoint="),
            ("s3://bucket?endpoint=127.0.0.1", "no URL"),
            ("gs://bucket?endpoint=http://me:pw@host", "no URL"),
            ("azblob://", "no container"),
            ("file://relative/dir", "no absolute directory"),
            ("file:///", "root of the disk"),
            ("webdav:///path", "no host"),
            ("webdavs://host?insecure=true", "write webdav://"),
            ("https://host?team=x", "it knows none"),
            ("https://host/#x", "after #"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.starts_with("VX_REMOTE_CACHE_URL ") && error.contains(part),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_secret_is_refused_and_not_repeated() {
        for text in [
            "https://me:hunter2@host",
            "https://hunter2@host",
            "https://host?token=hunter2",
            "s3://bucket?secret_access_key=hunter2",
            "azblob://container?sas_token=hunter2",
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("in the environment") && !error.contains("hunter2"), "{error}");
        }
    }
}
