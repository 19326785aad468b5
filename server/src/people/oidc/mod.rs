//! Signing in with an identity provider: [OpenID Connect](https://openid.net/specs/openid-connect-core-1_0.html),
//! authorization code flow with PKCE (RFC 7636, S256).

mod config;
mod token;

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use url::Url;

use super::secret;
use crate::Error;

pub(crate) use config::is_safe;
pub use config::{NotRoles, OidcConfig, OidcRoles};
pub(crate) use token::Identity;

/// Largest answer that is read of a provider.
const ANSWER_LIMIT_BYTES: usize = 256 * 1024;
/// How long a provider may take for one.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long what a provider says of itself is believed.
const KNOWN_FOR: Duration = Duration::from_hours(1);
/// A key that is not known is looked for at most so often: strangers choose its name.
const KEYS_EVERY: Duration = Duration::from_mins(1);

/// Why nobody was signed in. What is in it is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The provider does not answer, or not as it should.
    #[error("the identity provider: {0}")]
    Provider(String),
    /// What the provider signed does not hold.
    #[error("the identity provider's token is refused: {0}")]
    Token(String),
    /// Something of our own.
    #[error(transparent)]
    Own(#[from] Error),
}

/// One sign-in under way, as the browser that began it holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// What the provider sends back; proves that the answer belongs to this browser's question.
    pub(crate) state: String,
    nonce: String,
    /// What only this service can give for the code.
    verifier: String,
    /// Where to go afterwards.
    pub(crate) next: String,
    /// Unix seconds.
    pub(crate) expires: i64,
}

/// An identity provider and what it last said of itself.
#[derive(Debug)]
pub(crate) struct Provider {
    config: OidcConfig,
    http: reqwest::Client,
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    places: Places,
    keys: Vec<token::Key>,
    at: Instant,
    /// When a key was last looked for that was not known.
    searched: Option<Instant>,
}

/// Where a provider is asked what.
#[derive(Clone, Debug)]
struct Places {
    authorization: Url,
    token: Url,
    keys: Url,
    /// Whether it wants the client's secret in the form instead of a header.
    posts_secret: bool,
}

/// What a provider says of itself (`OpenID` Connect Discovery §3).
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

impl Discovered {
    /// The same, checked: a provider that calls itself as we call it, reached without anybody listening.
    fn checked(self, issuer: &str) -> Result<Places, Trouble> {
        if self.issuer != issuer {
            let said = self.issuer;
            return Err(Trouble::Provider(format!(
                "it calls itself {said:?}, not {issuer:?}"
            )));
        }
        let place = |address: &str| match Url::parse(address) {
            Ok(url) if is_safe(&url) => Ok(url),
            _ => Err(Trouble::Provider(format!(
                "{address:?} is not reached over TLS"
            ))),
        };
        let ways = &self.token_endpoint_auth_methods_supported;
        Ok(Places {
            authorization: place(&self.authorization_endpoint)?,
            token: place(&self.token_endpoint)?,
            keys: place(&self.jwks_uri)?,
            posts_secret: !ways.is_empty() && !ways.iter().any(|way| way == "client_secret_basic"),
        })
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Provider {
    pub(crate) fn new(config: OidcConfig) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            // A provider's own addresses answer themselves.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| {
                Error::io(
                    "preparing to ask the identity provider",
                    std::io::Error::other(e),
                )
            })?;
        Ok(Self {
            config,
            http,
            known: Mutex::new(None),
        })
    }

    pub(crate) fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// What people are told of where they go: its host name.
    pub(crate) fn host(&self) -> &str {
        let rest = self.config.issuer.split_once("://");
        let rest = rest.map_or(self.config.issuer.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Begins a sign-in: what the browser is to hold, and where it is to go.
    pub(crate) async fn begin(
        &self,
        redirect: &str,
        next: String,
        expires: i64,
    ) -> Result<(Attempt, Url), Trouble> {
        let places = self.known(None).await?.places;
        let attempt = Attempt {
            state: secret::random(24)?,
            nonce: secret::random(24)?,
            verifier: secret::random(32)?,
            next,
            expires,
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&attempt.verifier));
        let mut url = places.authorization;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok((attempt, url))
    }

    /// Exchanges the code that the browser brought for whom the provider vouches for.
    pub(crate) async fn finish(
        &self,
        attempt: &Attempt,
        code: &str,
        redirect: &str,
    ) -> Result<Identity, Trouble> {
        let places = self.known(None).await?.places;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("client_id", self.config.client_id.as_str()),
            ("code_verifier", attempt.verifier.as_str()),
        ];
        let mut request = self.http.post(places.token.clone());
        if let Some(secret) = &self.config.client_secret {
            if places.posts_secret {
                form.push(("client_secret", secret.as_str()));
            } else {
                // RFC 6749 §2.3.1: both are form-encoded before they are put together.
                let (id, secret) = (encoded(&self.config.client_id), encoded(secret));
                request = request.basic_auth(id, Some(secret));
            }
        }
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let tokens: Tokens = answer(request).await?;
        let expected = token::Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: &attempt.nonce,
            now: OffsetDateTime::now_utc().unix_timestamp(),
        };
        let key = token::key_id(&tokens.id_token)?;
        let keys = self.known(key.as_deref()).await?.keys;
        token::verified(&tokens.id_token, &keys, expected)
    }

    /// What the provider says of itself; asked again after a while, and for a key that is not known yet.
    async fn known(&self, key: Option<&str>) -> Result<Known, Trouble> {
        let mut held = self.known.lock().await;
        let mut searched = None;
        if let Some(known) = held.as_ref().filter(|known| known.at.elapsed() < KNOWN_FOR) {
            let is = |one: &token::Key, key: &str| one.id.as_deref() == Some(key);
            let has = |key: &str| known.keys.iter().any(|one| is(one, key));
            let lately = known.searched.is_some_and(|at| at.elapsed() < KEYS_EVERY);
            if key.is_none_or(has) || lately {
                return Ok(known.clone());
            }
            searched = Some(Instant::now());
        }
        let base = self.config.issuer.trim_end_matches('/');
        let address = format!("{base}/.well-known/openid-configuration");
        let discovered: Discovered = answer(self.http.get(address)).await?;
        let places = discovered.checked(&self.config.issuer)?;
        let set: Value = answer(self.http.get(places.keys.clone())).await?;
        // A key of a kind that is not known here may stand beside those that are.
        let keys = set["keys"].as_array().into_iter().flatten();
        let keys = keys
            .filter_map(|key| serde_json::from_value(key.clone()).ok())
            .collect();
        let known = Known {
            places,
            keys,
            at: Instant::now(),
            searched,
        };
        *held = Some(known.clone());
        Ok(known)
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The JSON that a provider answers with, however long it would like to talk.
async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Trouble> {
    let failed = |e: reqwest::Error| Trouble::Provider(format!("{:#}", anyhow::Error::from(e)));
    let mut response = request
        .header("accept", "application/json")
        .send()
        .await
        .map_err(failed)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(failed)? {
        if body.len() + bytes.len() > ANSWER_LIMIT_BYTES {
            return Err(Trouble::Provider(format!(
                "it answers more than {ANSWER_LIMIT_BYTES} bytes"
            )));
        }
        body.extend_from_slice(&bytes);
    }
    if !status.is_success() {
        // Such an answer names an error and holds no secret.
        let said: String = String::from_utf8_lossy(&body).chars().take(300).collect();
        return Err(Trouble::Provider(format!("it answers {status}: {said}")));
    }
    serde_json::from_slice(&body)
        .map_err(|e| Trouble::Provider(format!("its answer cannot be read: {e}")))
}
