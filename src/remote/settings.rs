//! What the environment and `vx.workspace.ts` say about the remote cache. Pure: no disk, no network.
//!
//! An environment variable of vx wins over the workspace's config, and that over the variables of Turborepo,
//! which are taken together or not at all: a token is sent to nobody but the host that it was set for.

use std::time::Duration;

use super::error::SettingsError;
use super::location::{BucketKind, Location};
use super::network::Network;
use super::secret::Secret;
use super::transfer::Deadlines;

/// Vercel's own cache: what is meant by a token of Turborepo alone.
const VERCEL: &str = "https://vercel.com/api";

/// What `vx.workspace.ts` may say. Never a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configured {
    /// `remote.url`.
    pub url: Option<String>,
    /// `remote.team`.
    pub team: Option<String>,
}

/// Whose artifacts are meant, on a wire that several teams share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Team {
    /// `teamId`.
    pub(super) id: Option<String>,
    /// `slug`.
    pub(super) slug: Option<String>,
}

/// Everything that is known of a remote cache before it is asked.
#[derive(Clone, Debug)]
pub struct RemoteSettings {
    pub(super) location: Location,
    pub(super) token: Option<Secret>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) team: Team,
    /// Under which CI this runs, by the variable that tells.
    pub(super) ci: Option<&'static str>,
    pub(super) network: Network,
    pub(super) deadlines: Deadlines,
    pub(super) rest: Option<Duration>,
}

impl RemoteSettings {
    /// Reads the settings; none if no remote cache is meant.
    ///
    /// # Errors
    /// [`SettingsError`], which names the variable or the key of the config.
    pub fn read(
        variable: &dyn Fn(&str) -> Option<String>,
        configured: &Configured,
    ) -> Result<Option<Self>, SettingsError> {
        let env = Environment(variable);
        let Some(source) = Source::find(&env, configured) else { return Ok(None) };
        let location = Location::parse(source.setting, &source.url)?;
        let secret = |name| env.get(name).map(Secret::new);
        let turbo = source.turbo;
        let mut settings = Self {
            location,
            token: secret("VX_REMOTE_CACHE_TOKEN")
                .or_else(|| secret("TURBO_TOKEN").filter(|_| turbo)),
            user: env.get("VX_REMOTE_CACHE_USER"),
            password: secret("VX_REMOTE_CACHE_PASSWORD"),
            team: team(&env, configured, turbo),
            ci: CI.iter().copied().find(|name| env.get(name).is_some()),
            network: Network::read(variable)?,
            deadlines: deadlines(&env)?,
            rest: None,
        };
        let own = env.get("VX_REMOTE_CACHE_TOKEN").is_some();
        check_header(
            if own { "VX_REMOTE_CACHE_TOKEN" } else { "TURBO_TOKEN" },
            settings.token.as_ref(),
        )?;
        settings.complete(&env)?;
        Ok(Some(settings))
    }

    /// These with other deadlines.
    #[must_use]
    pub fn with_deadlines(self, deadlines: Deadlines) -> Self {
        Self { deadlines, ..self }
    }

    /// These with another rest of the breaker.
    #[must_use]
    pub fn with_rest(self, rest: Duration) -> Self {
        Self { rest: Some(rest), ..self }
    }

    /// The team, by its id or else its slug; empty without one.
    #[must_use]
    pub fn team(&self) -> &str {
        self.team.id.as_deref().or(self.team.slug.as_deref()).unwrap_or_default()
    }

    /// The store in words, without secrets.
    #[must_use]
    pub fn describe(&self) -> String {
        let store = self.location.describe();
        match (&self.location, self.team.id.as_ref().or(self.team.slug.as_ref())) {
            (Location::Wire(_), Some(team)) => format!("{store}, team {team}"),
            _ => store,
        }
    }

    /// Adds to a bucket what its provider's variables say and its URL does not.
    fn complete(&mut self, env: &Environment<'_>) -> Result<(), SettingsError> {
        let first = |names: &[&str]| names.iter().find_map(|name| env.get(name));
        let lacks = |name: &str| self.location.option(name).is_none();
        let mut more: Vec<(&'static str, String)> = Vec::new();
        let Location::Bucket { kind, .. } = &self.location else { return Ok(()) };
        match kind {
            BucketKind::S3 => {
                let endpoint = first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
                let has_endpoint = !lacks("endpoint") || endpoint.is_some();
                if let Some(endpoint) = endpoint.filter(|_| lacks("endpoint")) {
                    more.push(("endpoint", endpoint));
                }
                if lacks("region") {
                    // Servers other than Amazon's rarely care, but the signature has to name one.
                    let fallback = has_endpoint.then(|| "us-east-1".to_owned());
                    let region = first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).or(fallback);
                    more.push(("region", region.ok_or_else(|| SettingsError {
                        setting: "AWS_REGION".to_owned(),
                        problem: "is not set, and the URL of the remote cache names no region; add ?region= to it"
                            .to_owned(),
                    })?));
                }
            }
            BucketKind::Azblob => {
                if lacks("endpoint") {
                    let account = first(&["AZBLOB_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_NAME"]);
                    let account = account.ok_or_else(|| SettingsError {
                        setting: "AZURE_STORAGE_ACCOUNT_NAME".to_owned(),
                        problem: "is not set, and the URL of the remote cache names no ?endpoint="
                            .to_owned(),
                    })?;
                    more.push(("endpoint", format!("https://{account}.blob.core.windows.net")));
                }
            }
            BucketKind::Ghac => {
                // The second protocol is asked for by a variable; GitHub's own servers know no other.
                let second = env.get("ACTIONS_CACHE_SERVICE_V2").is_some();
                let url = if second { "ACTIONS_RESULTS_URL" } else { "ACTIONS_CACHE_URL" };
                let (Some(url), Some(token)) = (env.get(url), env.get("ACTIONS_RUNTIME_TOKEN"))
                else {
                    return Err(SettingsError {
                        setting: "ACTIONS_RUNTIME_TOKEN".to_owned(),
                        problem: "and ACTIONS_RESULTS_URL with ACTIONS_CACHE_SERVICE_V2=on have to be set; GitHub tells them to actions only: export them in a step with actions/github-script before vx runs"
                            .to_owned(),
                    });
                };
                more.push(("endpoint", url));
                self.token = Some(Secret::new(token));
            }
            BucketKind::Gcs => {}
        }
        if let Location::Bucket { options, .. } = &mut self.location {
            options.extend(more);
        }
        Ok(())
    }
}

/// The variables that are set and not empty.
struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }
}

fn check_header(setting: &str, secret: Option<&Secret>) -> Result<(), SettingsError> {
    if secret.is_some_and(|secret| secret.bearer().is_none()) {
        return Err(SettingsError {
            setting: setting.to_owned(),
            problem: "holds a line break or another character that no header can have".to_owned(),
        });
    }
    Ok(())
}

/// Where the URL comes from.
struct Source {
    setting: &'static str,
    url: String,
    /// Whether Turborepo's other variables belong to it.
    turbo: bool,
}

impl Source {
    fn find(env: &Environment<'_>, configured: &Configured) -> Option<Self> {
        let named = |setting, url, turbo| Self { setting, url, turbo };
        let url = configured.url.as_ref().map(|url| url.trim().to_owned());
        env.get("VX_REMOTE_CACHE_URL")
            .map(|url| named("VX_REMOTE_CACHE_URL", url, false))
            .or_else(|| {
                url.filter(|url| !url.is_empty()).map(|url| named("remote.url", url, false))
            })
            .or_else(|| env.get("TURBO_API").map(|url| named("TURBO_API", url, true)))
            .or_else(|| {
                env.get("TURBO_TOKEN").map(|_| named("TURBO_TOKEN", VERCEL.to_owned(), true))
            })
    }
}

/// The variables by which a CI makes itself known.
const CI: [&str; 11] = [
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "CIRCLECI",
    "BUILDKITE",
    "TRAVIS",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "BITBUCKET_BUILD_NUMBER",
    "VERCEL",
    "CI",
];

fn team(env: &Environment<'_>, configured: &Configured, turbo: bool) -> Team {
    let vx = Team { id: env.get("VX_REMOTE_CACHE_TEAM_ID"), slug: env.get("VX_REMOTE_CACHE_TEAM") };
    if vx != Team::default() {
        return vx;
    }
    if let Some(team) =
        configured.team.as_ref().map(|team| team.trim()).filter(|team| !team.is_empty())
    {
        return if team.starts_with("team_") {
            Team { id: Some(team.to_owned()), slug: None }
        } else {
            Team { id: None, slug: Some(team.to_owned()) }
        };
    }
    if turbo {
        return Team { id: env.get("TURBO_TEAMID"), slug: env.get("TURBO_TEAM") };
    }
    Team::default()
}

fn deadlines(env: &Environment<'_>) -> Result<Deadlines, SettingsError> {
    let name = "VX_REMOTE_CACHE_TIMEOUT";
    let Some(text) = env.get(name) else { return Ok(Deadlines::default()) };
    match text.parse::<u64>() {
        Ok(ms @ 1..=600_000) => Ok(Deadlines::with_patience(Duration::from_millis(ms))),
        _ => Err(SettingsError {
            setting: name.to_owned(),
            problem: "is no number of milliseconds between 1 and 600000".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        set: &[(&str, &str)],
        configured: &Configured,
    ) -> Result<Option<RemoteSettings>, SettingsError> {
        RemoteSettings::read(
            &|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()),
            configured,
        )
    }

    fn described(set: &[(&str, &str)], url: Option<&str>, team: Option<&str>) -> Option<String> {
        let configured = Configured { url: url.map(str::to_owned), team: team.map(str::to_owned) };
        read(set, &configured).unwrap().map(|settings| settings.describe())
    }

    #[test]
    fn nothing_set_means_no_remote() {
        assert_eq!(described(&[], None, None), None);
        assert_eq!(described(&[("VX_REMOTE_CACHE_URL", " ")], Some(""), Some("team")), None);
        assert_eq!(described(&[("VX_REMOTE_CACHE_TOKEN", "t")], None, None), None);
    }

    #[test]
    fn which_setting_wins() {
        let all = [
            ("VX_REMOTE_CACHE_URL", "https://vx"),
            ("TURBO_API", "https://turbo"),
            ("TURBO_TOKEN", "t"),
            ("TURBO_TEAM", "turbo-team"),
        ];
        assert_eq!(described(&all, Some("https://config"), None).unwrap(), "https://vx");
        assert_eq!(described(&all[1..], Some("https://config"), None).unwrap(), "https://config");
        assert_eq!(described(&all[1..], None, None).unwrap(), "https://turbo, team turbo-team");
        assert_eq!(
            described(&all[2..], None, None).unwrap(),
            "https://vercel.com/api, team turbo-team"
        );
        assert_eq!(
            described(&all[1..], None, Some("team_1")).unwrap(),
            "https://turbo, team team_1"
        );
        assert_eq!(
            described(&[all[0], ("VX_REMOTE_CACHE_TEAM", "a")], None, Some("b")).unwrap(),
            "https://vx, team a"
        );
    }

    #[test]
    fn a_token_of_turborepo_goes_to_its_own_host_only() {
        let token = |set: &[(&str, &str)]| {
            read(set, &Configured::default()).unwrap().unwrap().token.map(|t| t.expose().to_owned())
        };
        let turbo = ("TURBO_TOKEN", "secret");
        assert_eq!(token(&[turbo, ("TURBO_API", "https://turbo")]).unwrap(), "secret");
        assert_eq!(token(&[turbo, ("VX_REMOTE_CACHE_URL", "https://vx")]), None);
        let own = ("VX_REMOTE_CACHE_TOKEN", "own");
        assert_eq!(token(&[turbo, own, ("TURBO_API", "https://turbo")]).unwrap(), "own");
    }

    #[test]
    fn what_a_bucket_needs_besides() {
        let s3 = ("VX_REMOTE_CACHE_URL", "s3://bucket");
        let none = Configured::default();
        let error = read(&[s3], &none).unwrap_err();
        assert_eq!(error.setting, "AWS_REGION");
        let region = |set: &[(&str, &str)]| {
            let settings = read(set, &none).unwrap().unwrap();
            settings.location.option("region").unwrap().to_owned()
        };
        assert_eq!(region(&[s3, ("AWS_DEFAULT_REGION", "eu-west-1")]), "eu-west-1");
        assert_eq!(region(&[s3, ("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]), "us-east-1");
        assert_eq!(region(&[("VX_REMOTE_CACHE_URL", "s3://b?region=x"), ("AWS_REGION", "y")]), "x");
        let error = read(&[("VX_REMOTE_CACHE_URL", "ghac://")], &none).unwrap_err();
        assert_eq!(error.setting, "ACTIONS_RUNTIME_TOKEN");
        let azure = ("VX_REMOTE_CACHE_URL", "azblob://c");
        assert_eq!(read(&[azure], &none).unwrap_err().setting, "AZURE_STORAGE_ACCOUNT_NAME");
        let settings =
            read(&[azure, ("AZURE_STORAGE_ACCOUNT_NAME", "acme")], &none).unwrap().unwrap();
        assert_eq!(
            settings.location.option("endpoint").unwrap(),
            "https://acme.blob.core.windows.net"
        );
    }

    #[test]
    fn nothing_secret_is_shown() {
        let settings = read(
            &[
                ("VX_REMOTE_CACHE_URL", "webdavs://host/x"),
                ("VX_REMOTE_CACHE_TOKEN", "hunter2"),
                ("VX_REMOTE_CACHE_USER", "me"),
                ("VX_REMOTE_CACHE_PASSWORD", "hunter2"),
                ("HTTPS_PROXY", "http://me:hunter2@proxy:1"),
            ],
            &Configured::default(),
        )
        .unwrap()
        .unwrap();
        assert!(!format!("{settings:?} {}", settings.describe()).contains("hunter2"));
    }

    #[test]
    fn a_broken_setting_is_named() {
        let none = Configured::default();
        let url = ("VX_REMOTE_CACHE_URL", "https://vx");
        let error = read(&[url, ("VX_REMOTE_CACHE_TOKEN", "a\nb")], &none).unwrap_err();
        assert!(error.to_string().starts_with("VX_REMOTE_CACHE_TOKEN"), "{error}");
        let error = read(&[url, ("VX_REMOTE_CACHE_TIMEOUT", "5s")], &none).unwrap_err();
        assert!(error.to_string().starts_with("VX_REMOTE_CACHE_TIMEOUT"), "{error}");
        let configured = Configured { url: Some("https://a:b@c".into()), team: None };
        let error = read(&[], &configured).unwrap_err();
        assert!(error.to_string().starts_with("remote.url"), "{error}");
    }

    #[test]
    fn the_timeout_scales_whatever_is_waited_for() {
        let settings = read(
            &[("VX_REMOTE_CACHE_URL", "https://vx"), ("VX_REMOTE_CACHE_TIMEOUT", "1000")],
            &Configured::default(),
        )
        .unwrap()
        .unwrap();
        assert_eq!(settings.deadlines.connect, Duration::from_millis(400));
        assert_eq!(settings.deadlines.first_byte, Duration::from_secs(1));
        assert_eq!(settings.deadlines.stall, Duration::from_secs(1));
        assert_eq!(settings.deadlines.taking, Duration::from_secs(3));
        assert_eq!(settings.deadlines.verdict, Duration::from_secs(6));
        assert_eq!(settings.deadlines.call, Deadlines::default().call);
    }
}
