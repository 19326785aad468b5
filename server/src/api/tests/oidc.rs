//! Signing in with an identity provider, and everything that it must not be believed.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::{Method, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::Url;

use crate::catalogue::OrganisationId;
use crate::fixtures::{Answer, Service, SigningKey, StandIn, request};
use crate::people::{NewUser, OidcConfig, People};

struct World {
    service: Service,
    provider: StandIn,
    key: SigningKey,
}

/// A sign-in under way: what the browser holds, and what the provider was told.
struct Begun {
    cookie: String,
    asked: HashMap<String, String>,
}

impl World {
    async fn with(key: SigningKey) -> Self {
        let provider = StandIn::start(vec![SigningKey::ec("other").public(), key.public()]).await;
        let service = Service::with_provider(OidcConfig {
            issuer: provider.url.clone(),
            client_id: StandIn::CLIENT.into(),
            client_secret: Some(StandIn::SECRET.into()),
            roles: "example.org=digitizer".parse().unwrap(),
        })
        .await;
        Self {
            service,
            provider,
            key,
        }
    }

    async fn new() -> Self {
        Self::with(SigningKey::rsa("first")).await
    }

    async fn begin(&self, next: &str) -> Begun {
        let answer = self
            .service
            .get(&format!("/api/session/oidc?next={next}"))
            .await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), "no-store");
        let cookie = answer.header("set-cookie");
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        let there: Url = answer.header("location").parse().unwrap();
        assert!(there.as_str().starts_with(&self.provider.url), "{there}");
        let asked: HashMap<_, _> = there.query_pairs().into_owned().collect();
        assert_eq!(
            asked["tenant"], "1",
            "what the provider's address had stays"
        );
        assert_eq!(
            (
                asked["response_type"].as_str(),
                asked["code_challenge_method"].as_str()
            ),
            ("code", "S256")
        );
        Begun {
            cookie: cookie.split(';').next().unwrap().to_owned(),
            asked,
        }
    }

    /// What the provider says of Lan.
    fn claims(&self, begun: &Begun) -> Value {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        json!({
            "iss": self.provider.url, "aud": StandIn::CLIENT, "sub": "lan-1", "nonce": begun.asked["nonce"],
            "iat": now, "exp": now + 300, "email": "Lan@Example.org", "email_verified": true, "name": "Nguyễn Thị Lan",
        })
    }

    /// The browser comes back with a code for this token.
    async fn back(&self, begun: &Begun, id_token: String) -> Answer {
        let redirect = &begun.asked["redirect_uri"];
        assert!(
            redirect.ends_with("/api/session/oidc/callback"),
            "{redirect}"
        );
        self.provider
            .grant("code", &begun.asked["code_challenge"], redirect, id_token);
        self.come(
            &begun.cookie,
            &format!("code=code&state={}", begun.asked["state"]),
        )
        .await
    }

    async fn come(&self, cookie: &str, query: &str) -> Answer {
        let path = format!("/api/session/oidc/callback?{query}");
        let mut asked = request(Method::GET, &path, Body::empty());
        let headers = asked.headers_mut();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        // So a browser says where a link of another site leads.
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        self.service.ask(asked).await
    }

    /// The whole way, with claims as a test changes them.
    async fn sign_in(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let begun = self.begin("/people").await;
        let mut claims = self.claims(&begun);
        change(&mut claims);
        let token = self.key.sign(&claims);
        self.back(&begun, token).await
    }
}

/// The session's cookie; nothing where nobody was signed in.
fn session(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .find(|cookie| cookie.starts_with("xoay=") && !cookie.starts_with("xoay=;"))
        .map(|cookie| cookie.split(';').next().unwrap().to_owned())
}

#[track_caller]
fn refused(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), format!("/sign-in?problem={why}"));
    assert_eq!(session(answer), None);
}

#[tokio::test]
async fn who_has_a_role_by_their_domain_gets_an_account_and_comes_back_to_it() {
    let world = World::new().await;
    let answer = world.sign_in(|_| ()).await;
    assert_eq!(answer.header("location"), "/people");
    let cookie = session(&answer).expect("a session");
    let mut asked = request(Method::GET, "/api/session", Body::empty());
    asked
        .headers_mut()
        .insert(header::COOKIE, cookie.parse().unwrap());
    let who = world.service.ask(asked).await.json();
    assert_eq!(
        (&who["kind"], &who["name"]),
        (&"person".into(), &"Nguyễn Thị Lan".into())
    );
    let membership = json!([{ "organisation": OrganisationId::HOUSE, "role": "digitizer" }]);
    assert_eq!(
        (&who["memberships"], &who["isAdministrator"]),
        (&membership, &false.into())
    );
    // The provider's subject is who she is: another address, even one that nobody has verified, changes nothing.
    let again = world
        .sign_in(|claims| {
            claims["email"] = "someone.else@elsewhere.example".into();
            claims["email_verified"] = false.into();
        })
        .await;
    assert!(session(&again).is_some());
    let people = &world.service.catalogue;
    let lan = people
        .user_named("lan@example.org")
        .await
        .unwrap()
        .unwrap()
        .0;
    assert!(
        people
            .user_named("someone.else@elsewhere.example")
            .await
            .unwrap()
            .is_none()
    );
    // Her address given to somebody else does not bring her account with it.
    let heir = world
        .sign_in(|claims| claims["sub"] = "heir-2".into())
        .await;
    refused(&heir, "no-account");
    people.set_disabled(lan.id, true).await.unwrap();
    refused(&world.sign_in(|_| ()).await, "no-account");
}

#[tokio::test]
async fn an_account_that_is_there_is_linked_by_its_verified_address_only() {
    let world = World::new().await;
    let new = NewUser {
        name: "mai@partner.example".into(),
        full_name: "Mai".into(),
        password_hash: None,
        is_administrator: true,
        membership: None,
    };
    let mai = world.service.catalogue.create_user(&new).await.unwrap();
    for (address, verified, why) in [
        ("mai@partner.example", json!(false), "no-account"),
        ("mai@partner.example", Value::Null, "no-account"),
        ("mai@partner.example", json!("yes"), "no-account"),
        ("stranger@partner.example", json!(true), "no-account"),
        ("lan@example.org.evil.example", json!(true), "no-account"),
        ("không@example.org", json!(true), "no-account"),
    ] {
        let answer = world
            .sign_in(|claims| {
                claims["email"] = address.into();
                claims["email_verified"] = verified;
            })
            .await;
        refused(&answer, why);
    }
    let linked = world
        .sign_in(|claims| {
            claims["sub"] = "mai-1".into();
            claims["email"] = "mai@partner.example".into();
        })
        .await;
    assert!(session(&linked).is_some());
    let issuer = &world.provider.url;
    let known = world
        .service
        .catalogue
        .user_identified(issuer, "mai-1")
        .await
        .unwrap();
    assert_eq!(known.unwrap().id, mai.id);
    // Roles by domain are for those whom nobody has added.
    assert!(
        world
            .service
            .catalogue
            .user_named("mai@partner.example")
            .await
            .unwrap()
            .unwrap()
            .0
            .is_administrator
    );
}

#[tokio::test]
async fn a_token_that_does_not_hold_signs_nobody_in() {
    let world = World::new().await;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let changes: [(&str, Value); 12] = [
        ("nonce", "another".into()),
        ("nonce", Value::Null),
        ("exp", (now - 120).into()),
        ("exp", Value::Null),
        ("nbf", (now + 600).into()),
        ("iss", "https://evil.example".into()),
        ("iss", Value::Null),
        ("aud", "another client".into()),
        ("aud", json!([StandIn::CLIENT, "another client"])),
        ("azp", "another client".into()),
        ("sub", "".into()),
        ("sub", "a\0b".into()),
    ];
    for (claim, value) in changes {
        let answer = world
            .sign_in(|claims| match &value {
                Value::Null => {
                    claims.as_object_mut().unwrap().remove(claim);
                }
                value => claims[claim] = value.clone(),
            })
            .await;
        refused(&answer, "failed");
    }
    // Signed by nobody, by somebody else under the same name, or changed afterwards.
    let stranger = SigningKey::rsa("first");
    let begun = world.begin("/").await;
    let claims = world.claims(&begun);
    let good = world.key.sign(&claims);
    let [head, body, signature]: [&str; 3] =
        good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut greedy = claims.clone();
    greedy["sub"] = "root".into();
    let none = encode(&json!({ "alg": "none", "typ": "JWT" }));
    let unknown = encode(&json!({ "alg": "RS256", "kid": "nobody's" }));
    // The public key taken for a shared secret (RFC 8725 §2.1), and what must be understood but is not.
    let shared = {
        let head = encode(&json!({ "alg": "HS256", "kid": "first" }));
        let public = world.key.public()["n"].as_str().unwrap().to_owned();
        let mac = crate::people::secret::sign(&public, &format!("{head}.{body}"));
        let mac = hex::decode(mac).unwrap();
        let mac = URL_SAFE_NO_PAD.encode(mac);
        format!("{head}.{body}.{mac}")
    };
    let critical = json!({ "alg": "RS256", "kid": "first", "crit": ["exp"] });
    let mislabelled = json!({ "alg": "ES256", "kid": "first" });
    for token in [
        stranger.sign(&claims),
        format!("{head}.{}.{signature}", encode(&greedy)),
        format!("{head}.{body}.{}", &signature[..signature.len() - 4]),
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{unknown}.{body}.{signature}"),
        shared,
        world.key.sign_under(&critical, &claims),
        world.key.sign_under(&mislabelled, &claims),
        format!("{good}."),
        format!("{good}="),
        String::new(),
        "a.b.c".into(),
        head.into(),
    ] {
        let begun = Begun {
            cookie: begun.cookie.clone(),
            asked: begun.asked.clone(),
        };
        refused(&world.back(&begun, token).await, "failed");
    }
    // The same sign-in with the token as it was: the refusals above are for what was changed.
    assert!(session(&world.back(&begun, good).await).is_some());
}

#[tokio::test]
async fn an_answer_belongs_to_the_browser_that_asked() {
    let world = World::new().await;
    let begun = world.begin("/").await;
    let other = world.begin("/").await;
    let (state, cookie) = (&begun.asked["state"], &begun.cookie);
    let (name, held) = cookie.split_once('=').unwrap();
    let changed = format!(
        "{name}={}{}",
        if held.starts_with('e') { "f" } else { "e" },
        &held[1..]
    );
    let (text, _) = held.rsplit_once('.').unwrap();
    for (cookie, query) in [
        ("", format!("code=code&state={state}")),
        (cookie, "code=code".into()),
        (cookie, "code=code&state=".into()),
        (cookie, format!("code=code&state={}", other.asked["state"])),
        (&other.cookie, format!("code=code&state={state}")),
        (&changed, format!("code=code&state={state}")),
        (
            &format!("{name}={text}."),
            format!("code=code&state={state}"),
        ),
        (
            &format!("{name}={text}"),
            format!("code=code&state={state}"),
        ),
    ] {
        refused(&world.come(cookie, &query).await, "stale");
    }
    refused(
        &world
            .come(cookie, &format!("error=access_denied&state={state}"))
            .await,
        "refused",
    );
    refused(
        &world.come(cookie, &format!("state={state}")).await,
        "refused",
    );
    // A code that is not good, or that another sign-in was given: the verifier is not its own.
    refused(
        &world
            .come(cookie, &format!("code=none&state={state}"))
            .await,
        "failed",
    );
    let token = world.key.sign(&world.claims(&begun));
    let redirect = &begun.asked["redirect_uri"];
    world
        .provider
        .grant("stolen", &other.asked["code_challenge"], redirect, token);
    refused(
        &world
            .come(cookie, &format!("code=stolen&state={state}"))
            .await,
        "failed",
    );
}

#[tokio::test]
async fn keys_may_be_of_either_kind_and_change() {
    let mut world = World::with(SigningKey::ec("curve")).await;
    assert!(session(&world.sign_in(|_| ()).await).is_some());
    world.key = SigningKey::rsa("new");
    world.provider.publish(vec![world.key.public()]);
    assert!(session(&world.sign_in(|_| ()).await).is_some());
    // Another unknown key at once is not looked for: strangers could make the service ask for ever.
    world.key = SigningKey::rsa("newer");
    world.provider.publish(vec![world.key.public()]);
    refused(&world.sign_in(|_| ()).await, "failed");
}

#[tokio::test]
async fn a_provider_that_is_not_what_it_says_is_not_asked() {
    let key = SigningKey::ec("first");
    let provider = StandIn::start(vec![key.public()]).await;
    for issuer in [
        format!("{}/", provider.url),
        "http://127.0.0.1:9/realm".into(),
    ] {
        let service = Service::with_provider(OidcConfig {
            issuer,
            client_id: StandIn::CLIENT.into(),
            client_secret: None,
            roles: "".parse().unwrap(),
        })
        .await;
        refused(&service.get("/api/session/oidc").await, "failed");
    }
    // Without a provider there is nothing at the address, and no button on the page.
    let service = Service::start().await;
    for path in ["/api/session/oidc", "/api/session/oidc/callback"] {
        service
            .get(path)
            .await
            .assert_problem(404, "no-such-address");
    }
    assert!(
        !service
            .get("/sign-in")
            .await
            .text()
            .contains("/api/session/oidc")
    );
    let page = World::new().await.service.get("/sign-in?lang=vi").await;
    assert!(
        page.text().contains("Đăng nhập bằng 127.0.0.1"),
        "{}",
        page.text()
    );
}
