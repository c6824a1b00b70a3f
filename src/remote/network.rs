//! The way to the outside: proxies and certificate authorities, as the environment says.
//!
//! Only names and paths; nothing is read from disk and nothing is connected here.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use url::{Host, Url};

use super::error::SettingsError;

/// Proxies and certificate authorities.
#[derive(Clone, Default)]
pub(super) struct Network {
    /// The proxy for `http://`.
    pub(super) http_proxy: Option<Url>,
    /// The proxy for `https://`.
    pub(super) https_proxy: Option<Url>,
    /// Hosts that are reached without a proxy: names with all below them, addresses, networks, `*`.
    pub(super) no_proxy: String,
    /// Certificates that take the place of those of the system.
    pub(super) cert_file: Option<PathBuf>,
    /// A directory of such.
    pub(super) cert_dir: Option<PathBuf>,
    /// Certificates besides.
    pub(super) extra_certs: Option<PathBuf>,
}

impl Network {
    /// Reads the variables that other programs read for this, too.
    pub(super) fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let path = |name: &str| set(variable, name).map(|(_, value)| PathBuf::from(value));
        let all = proxy(variable, "all_proxy")?;
        Ok(Self {
            http_proxy: proxy(variable, "http_proxy")?.or_else(|| all.clone()),
            https_proxy: proxy(variable, "https_proxy")?.or(all),
            no_proxy: either(variable, "no_proxy").map(|(_, value)| value).unwrap_or_default(),
            cert_file: path("SSL_CERT_FILE"),
            cert_dir: path("SSL_CERT_DIR"),
            extra_certs: path("NODE_EXTRA_CA_CERTS"),
        })
    }

    /// The proxy that `url` is reached through, if any.
    pub(super) fn proxy_of(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "https" => self.https_proxy.as_ref(),
            "http" => self.http_proxy.as_ref(),
            _ => None,
        }?;
        let direct = is_of_this_machine(url)
            || self
                .no_proxy
                .split([',', ' '])
                .map(str::trim)
                .any(|rule| !rule.is_empty() && is_meant(rule, url));
        (!direct).then_some(proxy)
    }
}

/// Where a machine in a cloud asks for its own credentials: a proxy would answer with those of its machine.
pub(super) fn is_of_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_link_local(),
        Some(Host::Ipv6(address)) => address.is_unicast_link_local(),
        Some(Host::Domain(name)) => name == "metadata.google.internal",
        None => false,
    }
}

/// Whether a rule of `NO_PROXY` means the host of `url`.
fn is_meant(rule: &str, url: &Url) -> bool {
    if rule == "*" {
        return true;
    }
    match url.host() {
        Some(Host::Domain(host)) => {
            let (name, port) = rule.rsplit_once(':').map_or((rule, None), |(n, p)| (n, Some(p)));
            let name = name.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
            let same_port = port.is_none_or(|port| {
                url.port_or_known_default().is_some_and(|p| p.to_string() == port)
            });
            let below =
                host.strip_suffix(&name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            !name.is_empty() && same_port && below
        }
        Some(Host::Ipv4(address)) => is_address(rule, address.into(), url),
        Some(Host::Ipv6(address)) => is_address(rule, address.into(), url),
        None => false,
    }
}

fn is_address(rule: &str, address: IpAddr, url: &Url) -> bool {
    let bare = rule.trim_start_matches('[').trim_end_matches(']');
    if let Ok(meant) = bare.parse::<IpAddr>() {
        return meant == address;
    }
    if let Ok(meant) = rule.parse::<SocketAddr>() {
        return meant.ip() == address && url.port_or_known_default() == Some(meant.port());
    }
    let Some((network, prefix)) = rule.split_once('/') else { return false };
    let (Ok(network), Ok(prefix)) = (network.parse::<IpAddr>(), prefix.parse::<u32>()) else {
        return false;
    };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) if prefix <= 32 => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) if prefix <= 128 => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

// A proxy's URL may hold a password.
impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("http_proxy", &self.http_proxy.as_ref().map(shown))
            .field("https_proxy", &self.https_proxy.as_ref().map(shown))
            .field("no_proxy", &self.no_proxy)
            .field("cert_file", &self.cert_file)
            .field("cert_dir", &self.cert_dir)
            .field("extra_certs", &self.extra_certs)
            .finish()
    }
}

/// Scheme, host and port of `url`: what may be shown of it.
pub(super) fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), host(url))
}

/// Host and port of `url`.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// The value of a variable that is set and not empty, with its name.
fn set(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<(String, String)> {
    variable(name).filter(|value| !value.trim().is_empty()).map(|value| (name.to_owned(), value))
}

/// The same of a variable that may be written in lower or in upper case. The lower one wins, as in curl.
fn either(variable: &dyn Fn(&str) -> Option<String>, lower: &str) -> Option<(String, String)> {
    set(variable, lower).or_else(|| set(variable, &lower.to_uppercase()))
}

fn proxy(
    variable: &dyn Fn(&str) -> Option<String>,
    lower: &str,
) -> Result<Option<Url>, SettingsError> {
    let Some((name, value)) = either(variable, lower) else { return Ok(None) };
    let value = value.trim();
    // `proxy.example.com:3128` is what people write.
    let whole = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    match Url::parse(&whole) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(url)),
        _ => Err(SettingsError {
            setting: name,
            problem: "is no proxy that vx can use; write http://host:port".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Network, SettingsError> {
        Network::read(&|name| {
            set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn proxies_in_lower_and_upper_case_and_for_all() {
        let network = read(&[
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "lower:2"),
            ("ALL_PROXY", "https://all:3"),
            ("NO_PROXY", "localhost,.internal"),
        ])
        .unwrap();
        assert_eq!(network.https_proxy.as_ref().map(shown).unwrap(), "http://lower:2");
        assert_eq!(network.http_proxy.as_ref().map(shown).unwrap(), "https://all:3");
        assert_eq!(network.no_proxy, "localhost,.internal");
        assert!(read(&[("HTTP_PROXY", "")]).unwrap().http_proxy.is_none());
    }

    #[test]
    fn who_is_reached_without_a_proxy() {
        let through = |no_proxy: &str, url: &str| {
            let set = [("http_proxy", "proxy:1"), ("no_proxy", no_proxy)];
            read(&set).unwrap().proxy_of(&Url::parse(url).unwrap()).is_some()
        };
        for (no_proxy, url, expected) in [
            ("", "http://cache.example.com", true),
            ("", "https://cache.example.com", false),
            ("*", "http://cache.example.com", false),
            ("*", "http://127.0.0.1:9", false),
            ("example.com", "http://cache.example.com", false),
            ("a, .Example.com", "http://cache.example.com", false),
            ("*.example.com", "http://cache.example.com", false),
            ("ample.com", "http://cache.example.com", true),
            ("example.com:80", "http://example.com", false),
            ("example.com:81", "http://example.com", true),
            ("127.0.0.1", "http://127.0.0.1:9", false),
            ("127.0.0.1:9", "http://127.0.0.1:9", false),
            ("127.0.0.1:8", "http://127.0.0.1:9", true),
            ("10.0.0.0/8", "http://10.1.2.3", false),
            ("10.0.0.0/8", "http://11.1.2.3", true),
            ("0.0.0.0/0", "http://11.1.2.3", false),
            ("::1", "http://[::1]:9", false),
            ("fd00::/8", "http://[fd01::1]:9", false),
            ("fd00::/8", "http://[fe01::1]:9", true),
            ("", "http://169.254.169.254/latest", false),
        ] {
            assert_eq!(through(no_proxy, url), expected, "{no_proxy:?} {url}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_without_its_password() {
        let error = read(&[("ALL_PROXY", "socks5://me:hunter2@host:1")]).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("ALL_PROXY") && !text.contains("hunter2"), "{text}");
        let network = read(&[("HTTP_PROXY", "http://me:hunter2@host:1")]).unwrap();
        assert!(!format!("{network:?}").contains("hunter2"));
    }
}
