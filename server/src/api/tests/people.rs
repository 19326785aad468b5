//! Signing in, what ends a session or a key, the log, and signed addresses.

use axum::body::Body;
use axum::http::{Method, header};
use serde_json::json;

use super::access::{Caller, World, key, person};
use crate::catalogue::{Catalogue, JobId, OrganisationId, Reach};
use crate::fixtures::{Answer, Service, request};
use crate::people::{NewUser, People, Permission, password};

const PASSWORD: &str = "mật khẩu của buổi thử";

#[tokio::test]
async fn signing_in_gives_a_new_session_each_time_and_ends_the_old_one() {
    let service = Service::start().await;
    let hash = password::hash(PASSWORD.into()).await.unwrap();
    let new = NewUser {
        name: "lan".into(),
        full_name: "Lan".into(),
        password_hash: Some(hash),
        is_administrator: true,
        membership: None,
    };
    service.catalogue.create_user(&new).await.unwrap();
    let sign_in = async |cookie: &str, password: &str| {
        let body = json!({ "name": " LAN", "password": password }).to_string();
        let mut asked = request(Method::POST, "/api/session", Body::from(body));
        let headers = asked.headers_mut();
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        if !cookie.is_empty() {
            headers.insert(header::COOKIE, cookie.parse().unwrap());
        }
        service.ask(asked).await
    };
    let with = async |method: Method, path: &str, cookie: &str, origin: bool| {
        let mut asked = request(method, path, Body::empty());
        asked
            .headers_mut()
            .insert(header::COOKIE, cookie.parse().unwrap());
        if origin {
            asked
                .headers_mut()
                .insert("sec-fetch-site", "same-origin".parse().unwrap());
        }
        service.ask(asked).await
    };
    let cookie_of = |answer: &Answer| {
        let cookie = answer.header("set-cookie").to_owned();
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    };
    // A session that somebody planted in the browser is not the one that signing in opens.
    let planted = format!("xoay={}", "a".repeat(64));
    let first = sign_in(&planted, PASSWORD).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let first = cookie_of(&first);
    assert_ne!(first, planted);
    assert_eq!(
        with(Method::GET, "/api/users", &planted, true).await.status,
        401
    );
    assert_eq!(
        with(Method::GET, "/api/users", &first, true).await.status,
        200
    );
    // Signing in again ends the session that the browser had.
    let second = cookie_of(&sign_in(&first, PASSWORD).await);
    assert_ne!(second, first);
    assert_eq!(
        with(Method::GET, "/api/users", &first, true).await.status,
        401
    );
    // A write under a cookie must say which page sent it.
    with(Method::DELETE, "/api/session", &second, false)
        .await
        .assert_problem(403, "cross-site");
    // Signing out everywhere ends the sessions of other machines.
    let other = cookie_of(&sign_in("", PASSWORD).await);
    assert_eq!(
        with(Method::DELETE, "/api/sessions", &second, true)
            .await
            .status,
        204
    );
    for cookie in [&second, &other] {
        assert_eq!(
            with(Method::GET, "/api/users", cookie, true).await.status,
            401
        );
    }
    // Wrong passwords, and then the right one, until it is too much.
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(sign_in("", "wrong password").await.status.as_u16());
    }
    assert_eq!(statuses, [[401; 10].as_slice(), &[429]].concat());
    let throttled = sign_in("", PASSWORD).await;
    throttled.assert_problem(429, "too-many-tries");
    assert_eq!(throttled.header("retry-after"), "900");
}

#[tokio::test]
async fn closed_accounts_taken_keys_and_old_sessions_are_nobody() {
    let service = Service::start().await;
    let (id, headers) = person(&service, "root", true, None).await;
    let cookie = &headers[0].1;
    let get = async |path: &str, name: &'static str, value: &str| {
        let mut asked = request(Method::GET, path, Body::empty());
        asked.headers_mut().insert(name, value.parse().unwrap());
        service.ask(asked).await.status.as_u16()
    };
    assert_eq!(get("/api/users", "cookie", cookie).await, 200);
    let bearer = key(&service, OrganisationId::HOUSE, Permission::Read).await;
    assert_eq!(
        get("/api/products", "authorization", &bearer[0].1).await,
        200
    );
    let keys = service.catalogue.keys(OrganisationId::HOUSE).await.unwrap();
    assert!(keys[0].prefix.len() < bearer[0].1.len() / 2);
    let foreign = OrganisationId::fresh();
    assert!(
        !service
            .catalogue
            .revoke_key(foreign, keys[0].id)
            .await
            .unwrap()
    );
    assert!(
        service
            .catalogue
            .revoke_key(OrganisationId::HOUSE, keys[0].id)
            .await
            .unwrap()
    );
    assert_eq!(
        get("/api/products", "authorization", &bearer[0].1).await,
        401
    );
    service
        .catalogue
        .set_disabled(id.parse().unwrap(), true)
        .await
        .unwrap();
    assert_eq!(get("/api/users", "cookie", cookie).await, 401);
}

#[tokio::test]
async fn every_change_is_in_the_log_with_who_made_it() {
    let world = World::new().await;
    let before = world
        .service
        .catalogue
        .audit(&Reach::All, None, 100)
        .await
        .unwrap();
    let names: Vec<_> = before
        .iter()
        .rev()
        .map(|e| (e.action.as_str(), e.actor.as_str()))
        .collect();
    assert_eq!(
        names[..4],
        [
            ("product.create", "house"),
            ("photo.put", "house"),
            ("photo.put", "house"),
            ("job.start", "house"),
        ]
    );
    let digitizer = Caller::Role(1);
    let photo = format!("/api/products/{}/photos/1.jpg", world.product);
    assert_eq!(
        world.ask(&Method::DELETE, &photo, digitizer).await.status,
        204
    );
    let publish = format!("/api/products/{}/publish", world.product);
    assert_eq!(
        world
            .ask(&Method::POST, &publish, Caller::Key(3))
            .await
            .status,
        200
    );
    // Refused: nothing is noted.
    assert_eq!(
        world.ask(&Method::POST, &publish, digitizer).await.status,
        403
    );
    let log = async |caller| {
        let answer = world.ask(&Method::GET, "/api/audit?limit=2", caller).await;
        assert_eq!(answer.status, 200);
        let entries = answer.json()["entries"].as_array().unwrap().clone();
        entries
            .iter()
            .map(|e| {
                (
                    e["action"].as_str().unwrap().to_owned(),
                    e["actor"].as_str().unwrap().to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    let latest = log(Caller::Role(0)).await;
    assert_eq!(latest[0].0, "product.publish");
    assert!(latest[0].1.starts_with("key:xoay_"));
    assert_eq!(latest[1], ("photo.delete".into(), "user:digitizer".into()));
    // The neighbours' administrator sees the neighbours' log only.
    for (action, _) in log(Caller::ForeignAdministrator).await {
        assert!(
            [
                "organisation.create",
                "user.role",
                "user.create",
                "key.create"
            ]
            .contains(&action.as_str()),
            "{action}"
        );
    }
}

#[tokio::test]
async fn a_signed_address_shows_one_draft_until_it_runs_out() {
    let world = World::new().await;
    let share = format!("/api/jobs/{}/link", world.job);
    let mut asked = request(Method::POST, &share, Body::from(r#"{"hours":1}"#));
    for (name, value) in &world.headers[&Caller::Role(2)] {
        asked.headers_mut().insert(*name, value.parse().unwrap());
    }
    asked
        .headers_mut()
        .insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    let link = world.service.ask(asked).await;
    assert_eq!(link.status, 200, "{}", link.text());
    let link = link.json();
    let manifest = link["manifest"].as_str().unwrap();
    let manifest = &manifest[manifest.find("/api/").unwrap()..];
    let page = link["page"].as_str().unwrap();
    let page = &page[page.find("/drafts/").unwrap()..];
    let get = async |path: &str| world.ask(&Method::GET, path, Caller::Anonymous).await;
    assert_eq!(get(manifest).await.status, 200);
    let shown = get(page).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.header("x-robots-tag"), "noindex");
    assert_eq!(shown.header("referrer-policy"), "no-referrer");
    assert!(shown.text().contains("&#38;signature=") || shown.text().contains("&amp;signature="));
    // Nothing of it can be changed, and it is of use for nothing else.
    let (path, query) = manifest.split_once('?').unwrap();
    let (expires, signature) = query.split_once('&').unwrap();
    let later: i64 = expires[8..].parse::<i64>().unwrap() + 1;
    for other in [
        path.to_owned(),
        format!("{path}?expires={later}&{signature}"),
        format!("{path}?expires=1&{signature}"),
        format!("{path}?{expires}&signature="),
        format!("/api/jobs/{}?{query}", world.job),
        format!("/api/jobs/{}/manifest.json?{query}", JobId::fresh()),
    ] {
        assert_eq!(get(&other).await.status, 401, "{other}");
    }
    assert!(
        world
            .service
            .catalogue
            .product(world.product.parse().unwrap())
            .await
            .unwrap()
            .is_some()
    );
}
