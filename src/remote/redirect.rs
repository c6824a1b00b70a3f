//! Where a redirect leads, and what is said there: to another origin nothing that identifies the caller.

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, RANGE};
use http::{Method, StatusCode};
use url::Url;

/// How many redirects are followed for one request.
pub(super) const MOST_HOPS: u32 = 5;

/// Whether `status` sends elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The URL to go to from `from`; or why not.
pub(super) fn target(
    from: &Url,
    method: &Method,
    status: StatusCode,
    location: Option<&str>,
) -> Result<Url, String> {
    let reading = matches!(*method, Method::GET | Method::HEAD);
    // 301 to 303 turn an upload into a download in most programs; nobody means that here.
    if !reading && !matches!(status.as_u16(), 307 | 308) {
        return Err(format!("it redirects ({status}) what is sent to it"));
    }
    let location = location.ok_or_else(|| format!("it redirects ({status}) to nowhere"))?;
    let to =
        from.join(location).map_err(|_| format!("it redirects ({status}) to what is no URL"))?;
    if !matches!(to.scheme(), "http" | "https") || !to.has_host() {
        return Err(format!("it redirects ({status}) to what is no web address"));
    }
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(format!("it redirects ({status}) to an address without TLS"));
    }
    Ok(to)
}

/// The headers of the request to `to`, of those that went to `from`.
pub(super) fn headers(from: &Url, to: &Url, headers: &HeaderMap) -> HeaderMap {
    if from.origin() == to.origin() {
        return headers.clone();
    }
    // A list of what may go, not of what may not: signatures and session tokens have many names.
    [ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, RANGE]
        .into_iter()
        .filter_map(|name| headers.get(&name).map(|value| (name, value.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn get(from: &str, location: &str) -> Result<Url, String> {
        target(&url(from), &Method::GET, StatusCode::FOUND, Some(location))
    }

    #[test]
    fn leads_to_absolute_and_relative_places_without_our_query() {
        assert_eq!(get("https://a/x?slug=t", "/y").unwrap().as_str(), "https://a/y");
        assert_eq!(
            get("https://a/x?slug=t", "https://b/y?sig=1").unwrap().as_str(),
            "https://b/y?sig=1"
        );
        assert_eq!(get("http://a/x", "https://b/y").unwrap().as_str(), "https://b/y");
    }

    #[test]
    fn what_is_not_followed() {
        assert!(get("https://a/x", "http://a/x").unwrap_err().contains("without TLS"));
        assert!(get("https://a/x", "file:///etc/passwd").unwrap_err().contains("no web address"));
        let sent = target(&url("https://a/x"), &Method::PUT, StatusCode::FOUND, Some("/y"));
        assert!(sent.unwrap_err().contains("what is sent"));
        assert!(
            target(&url("https://a/x"), &Method::PUT, StatusCode::TEMPORARY_REDIRECT, Some("/y"))
                .is_ok()
        );
        assert!(target(&url("https://a/x"), &Method::GET, StatusCode::FOUND, None).is_err());
    }

    #[test]
    fn nothing_that_identifies_goes_to_another_origin() {
        let mut sent = HeaderMap::new();
        for name in ["authorization", "x-amz-security-token", "x-artifact-tag", "cookie"] {
            sent.insert(name, "secret".parse().unwrap());
        }
        sent.insert(CONTENT_TYPE, "application/octet-stream".parse().unwrap());
        let from = url("https://a/x");
        assert_eq!(headers(&from, &url("https://a/y"), &sent).len(), 5);
        for other in ["https://b/x", "https://a:444/x", "http://a/x"] {
            let kept = headers(&from, &url(other), &sent);
            assert_eq!(kept.keys().collect::<Vec<_>>(), [CONTENT_TYPE], "{other}");
        }
    }
}
