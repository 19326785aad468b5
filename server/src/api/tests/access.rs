//! Who is let in: every route against everybody.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, Request, header};

use crate::api::{self, Access};
use crate::catalogue::OrganisationId;
use crate::catalogue::{Captures, Catalogue, NewProducer, NewProduct, Producers};
use crate::fixtures::{Answer, Plan, Service, request};
use crate::people::{Membership, NewKey, NewUser, People, Permission, Role, secret};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Caller {
    Anonymous,
    Administrator,
    Role(usize),
    ForeignAdministrator,
    Key(usize),
    ForeignKey,
    StaleSession,
    WrongKey,
}

/// What a caller may expect, whatever the route then does with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// Neither 401 nor 403 nor 404 for who they are.
    Through,
    /// 401.
    WhoAreYou,
    /// 403.
    NotYou,
    /// 404: what they may not see is not there.
    Absent,
}

pub(super) struct World {
    pub(super) service: Service,
    pub(super) product: String,
    pub(super) job: String,
    upload: String,
    producer: String,
    capture: String,
    organisation: OrganisationId,
    victim: String,
    pub(super) headers: BTreeMap<Caller, Vec<(&'static str, String)>>,
}

pub(super) async fn person(
    service: &Service,
    name: &str,
    is_administrator: bool,
    membership: Option<Membership>,
) -> (String, Vec<(&'static str, String)>) {
    let new = NewUser {
        name: name.into(),
        full_name: name.into(),
        password_hash: None,
        is_administrator,
        membership,
    };
    let user = service.catalogue.create_user(&new).await.unwrap();
    let token = secret::random(32).unwrap();
    let stored = secret::stored(&token);
    service
        .catalogue
        .open_session(user.id, &stored)
        .await
        .unwrap();
    let headers = vec![
        ("cookie", format!("xoay={token}")),
        ("sec-fetch-site", "same-origin".into()),
    ];
    (user.id.to_string(), headers)
}

pub(super) async fn key(
    service: &Service,
    organisation: OrganisationId,
    scope: Permission,
) -> Vec<(&'static str, String)> {
    let (prefix, whole) = secret::new_key().unwrap();
    let new = NewKey {
        organisation,
        name: scope.name().into(),
        scopes: vec![scope],
        expires_at: None,
        prefix,
        secret_hash: secret::stored(&whole),
    };
    service.catalogue.create_key(&new).await.unwrap();
    vec![("authorization", format!("Bearer {whole}"))]
}

const SCOPES: [Permission; 4] = [
    Permission::Read,
    Permission::Edit,
    Permission::Digitize,
    Permission::Publish,
];

impl World {
    pub(super) async fn new() -> Self {
        let service = Service::start().await;
        // While nobody has an account the house is open: the draft is made in it.
        let product = service.product_with_photos().await;
        let job = service.start_spin(&product).await;
        service.work(Plan::Succeed(1)).await;
        let organisation = OrganisationId::HOUSE;
        let name = xoay_format::Text::new("Tỉnh bạn", "Neighbours");
        let foreign = service
            .catalogue
            .create_organisation("neighbours", &name)
            .await
            .unwrap()
            .id;
        let mut headers = BTreeMap::new();
        headers.insert(Caller::Anonymous, Vec::new());
        headers.insert(
            Caller::Administrator,
            person(&service, "root", true, None).await.1,
        );
        for (index, role) in Role::ALL.into_iter().enumerate() {
            let membership = Some(Membership { organisation, role });
            let made = person(&service, role.name(), false, membership).await;
            headers.insert(Caller::Role(index), made.1);
        }
        let membership = Some(Membership {
            organisation: foreign,
            role: Role::Administrator,
        });
        headers.insert(
            Caller::ForeignAdministrator,
            person(&service, "neighbour", false, membership).await.1,
        );
        for (index, scope) in SCOPES.into_iter().enumerate() {
            headers.insert(Caller::Key(index), key(&service, organisation, scope).await);
        }
        headers.insert(
            Caller::ForeignKey,
            key(&service, foreign, Permission::Read).await,
        );
        headers.insert(
            Caller::StaleSession,
            vec![
                ("cookie", format!("xoay={}", "0".repeat(64))),
                ("sec-fetch-site", "same-origin".into()),
            ],
        );
        headers.insert(
            Caller::WrongKey,
            vec![("authorization", "Bearer xoay_00000000_00".into())],
        );
        let upload = service.open_upload(&product).await;
        let victim = person(&service, "victim", false, None).await.0;
        // One that has a product, and a capture with photos: neither goes away when somebody may delete it.
        let name = xoay_format::Text::new("HTX Hồng Nam", "");
        let producer = NewProducer {
            name: name.clone(),
            ..NewProducer::default()
        };
        let producer = service
            .catalogue
            .create_producer(&producer)
            .await
            .unwrap()
            .id;
        let theirs = NewProduct {
            name,
            producer_id: Some(producer),
            ..NewProduct::default()
        };
        service.catalogue.create_product(&theirs).await.unwrap();
        let capture = service.catalogue.current_capture(product.parse().unwrap());
        let capture = capture.await.unwrap().to_string();
        Self {
            service,
            product,
            job,
            upload,
            producer: producer.to_string(),
            capture,
            organisation,
            victim,
            headers,
        }
    }

    /// The route's address, with what exists in the house put into it.
    fn address(&self, path: &str) -> String {
        let id = match path {
            _ if path.starts_with("/api/jobs/") || path.starts_with("/drafts/") => &self.job,
            _ if path.starts_with("/api/uploads/") => &self.upload,
            _ if path.starts_with("/api/organisations/") => &self.organisation.to_string(),
            _ if path.starts_with("/api/users/") => &self.victim,
            _ if path.starts_with("/api/producers/") => &self.producer,
            _ => &self.product,
        };
        path.replace("{id}", id)
            .replace("{user}", &self.victim)
            .replace("{key}", "00000000-0000-7000-8000-00000000000f")
            .replace("{capture}", &self.capture)
            .replace("{name}", "1.jpg")
            .replace("{*path}", "xoay-viewer.js")
    }

    pub(super) async fn ask(&self, method: &Method, address: &str, caller: Caller) -> Answer {
        let mut asked: Request<Body> = request(method.clone(), address, Body::from("not json"));
        for (name, value) in &self.headers[&caller] {
            asked.headers_mut().insert(*name, value.parse().unwrap());
        }
        asked
            .headers_mut()
            .insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        self.service.ask(asked).await
    }
}

/// What a caller may do at home, said a second time and in other words than the program's.
fn may(caller: Caller, permission: Permission) -> bool {
    use Permission::{Administer, Digitize, Edit, Publish, Read};
    let allowed: &[Permission] = match caller {
        Caller::Administrator | Caller::Role(0) => &[Read, Edit, Digitize, Publish, Administer],
        Caller::Role(1) => &[Read, Edit, Digitize],
        Caller::Role(2) => &[Read, Edit, Publish],
        Caller::Role(3) => &[Read, Edit],
        Caller::Role(4) | Caller::Key(0) => &[Read],
        Caller::Key(1) => &[Edit],
        Caller::Key(2) => &[Digitize],
        Caller::Key(3) => &[Publish],
        _ => &[],
    };
    allowed.contains(&permission)
}

fn expected(access: Access, caller: Caller) -> Expected {
    use Caller::{
        Administrator, Anonymous, ForeignAdministrator, ForeignKey, Key, StaleSession, WrongKey,
    };
    let told = |fine: bool| {
        if fine {
            Expected::Through
        } else {
            Expected::NotYou
        }
    };
    if access == Access::Public {
        return Expected::Through;
    }
    match (access, caller) {
        (_, WrongKey) => Expected::WhoAreYou,
        (Access::Public | Access::Anyone, _) => Expected::Through,
        (_, Anonymous | StaleSession) => Expected::WhoAreYou,
        (Access::Person, _) => told(!matches!(caller, Key(_) | ForeignKey)),
        (Access::Service, _) => told(caller == Administrator),
        (Access::Somewhere(permission), ForeignKey) => told(permission == Permission::Read),
        // The neighbours have rights of their own, in their own house.
        (Access::Somewhere(permission), _) => {
            told(caller == ForeignAdministrator || may(caller, permission))
        }
        (_, ForeignAdministrator | ForeignKey) => Expected::Absent,
        (
            Access::Product(wanted)
            | Access::Job(wanted)
            | Access::Upload(wanted)
            | Access::Producer(wanted)
            | Access::Organisation(wanted),
            _,
        ) => within(caller, wanted),
        (Access::SharedJob, _) => within(caller, Permission::Read),
    }
}

fn within(caller: Caller, wanted: Permission) -> Expected {
    if may(caller, wanted) {
        Expected::Through
    } else if may(caller, Permission::Read) {
        Expected::NotYou
    } else {
        Expected::Absent
    }
}

/// The table as it was agreed on. A route that is added, removed or opened wider shows here first.
const AGREED: &str = include_str!("routes.txt");

fn shown(row: &api::Row) -> String {
    format!("{} {} {:?}", row.method, row.path, row.access)
}

#[test]
fn the_routes_are_those_that_were_agreed_on() {
    let (_, table) = api::routes().into_parts();
    let mut found: Vec<_> = table.iter().map(shown).collect();
    found.sort();
    let mut agreed: Vec<_> = AGREED.lines().map(str::to_owned).collect();
    agreed.sort();
    assert_eq!(
        found,
        agreed,
        "mend api/tests/routes.txt once this is meant:\n{}",
        found.join("\n")
    );
}

#[tokio::test]
async fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let (_, table) = api::routes().into_parts();
    let mut wrong = Vec::new();
    let mut asked = 0;
    // What ends sessions or accounts comes last, in a world of its own.
    let (ending, lasting): (Vec<_>, Vec<_>) = table
        .into_iter()
        .partition(|row| row.method == Method::DELETE);
    for rows in [lasting, ending] {
        let world = World::new().await;
        for row in &rows {
            let callers: Vec<Caller> = world.headers.keys().copied().collect();
            for caller in callers {
                let world = if row.access == Access::Person && row.method == Method::DELETE {
                    &World::new().await
                } else {
                    &world
                };
                let address = world.address(row.path);
                let answer = world.ask(&row.method, &address, caller).await;
                asked += 1;
                let status = answer.status.as_u16();
                let code = serde_json::from_slice::<serde_json::Value>(&answer.body)
                    .ok()
                    .and_then(|problem| Some(problem["code"].as_str()?.to_owned()))
                    .unwrap_or_default();
                let found = match (status, code.as_str()) {
                    (401, _) => Expected::WhoAreYou,
                    (403, "not-permitted") => Expected::NotYou,
                    // Without a body only the status tells.
                    (403, "") if row.method == Method::HEAD => Expected::NotYou,
                    (404, "") if row.method == Method::HEAD => Expected::Absent,
                    (
                        404,
                        "no-such-product"
                        | "no-such-job"
                        | "no-such-upload"
                        | "no-such-producer"
                        | "no-such-organisation",
                    ) => Expected::Absent,
                    _ => Expected::Through,
                };
                // Closing one's own account is refused too, but not here: the victim is somebody else.
                if found != expected(row.access, caller) || status >= 500 {
                    wrong.push(format!(
                        "{} as {caller:?}: {status} {code}, expected {:?}",
                        shown(row),
                        expected(row.access, caller)
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {asked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(asked > 500, "{asked}");
}

#[tokio::test]
async fn a_route_outside_the_table_is_not_answered() {
    let service = Service::start().await;
    let (router, table) = api::routes().into_parts();
    let router = router
        .route("/secret", axum::routing::get(|| async { "secret" }))
        .route(
            "/api/products/{id}/photos",
            axum::routing::patch(|| async { "secret" }),
        );
    let router = api::gated(router, &table, service.app.clone(), service.guard().into());
    for (method, path, status) in [
        (Method::GET, "/secret", 404),
        (Method::PATCH, "/api/products/x/photos", 405),
    ] {
        let answer = crate::fixtures::ask(&router, request(method, path, Body::empty())).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_ne!(answer.text(), "secret");
    }
}

#[tokio::test]
async fn the_house_is_open_only_to_who_stands_in_it() {
    let service = Service::start().await;
    assert_eq!(service.get("/api/products").await.status, 200);
    for header in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
        let mut asked = request(Method::GET, "/api/products", Body::empty());
        asked
            .headers_mut()
            .insert(header, "1.2.3.4".parse().unwrap());
        service
            .ask(asked)
            .await
            .assert_problem(401, "sign-in-needed");
    }
    let from = |peer: Option<&str>| {
        let router = api::router(service.app.clone(), service.guard());
        match peer {
            Some(peer) => router.layer(axum::Extension(api::Peer(peer.parse().unwrap()))),
            None => router,
        }
    };
    for (peer, status) in [
        (None, 401),
        (Some("192.168.1.5:4000"), 401),
        (Some("[2001:db8::1]:4000"), 401),
        (Some("[::1]:4000"), 200),
        (Some("[::ffff:127.0.0.1]:4000"), 200),
    ] {
        let asked = request(Method::GET, "/api/products", Body::empty());
        let answer = crate::fixtures::ask(&from(peer), asked).await;
        assert_eq!(answer.status.as_u16(), status, "{peer:?}");
    }
    for guard in [
        api::Guard {
            token: Some("0123456789abcdef".into()),
            ..service.guard()
        },
        api::Guard {
            public_url: Some("https://xoay.example".parse().unwrap()),
            ..service.guard()
        },
        api::Guard {
            loopback_only: false,
            ..service.guard()
        },
    ] {
        let router = api::router(service.app.clone(), guard).layer(axum::Extension(api::Peer(
            "127.0.0.1:4000".parse().unwrap(),
        )));
        let asked = request(Method::GET, "/api/products", Body::empty());
        assert_eq!(crate::fixtures::ask(&router, asked).await.status, 401);
    }
    // The house has people from the first account on: nobody stays in it by being near.
    person(&service, "root", true, None).await;
    service
        .get("/api/products")
        .await
        .assert_problem(401, "sign-in-needed");
    assert!(service.app.has_users.load(Ordering::Relaxed));
}

#[tokio::test]
async fn the_operators_token_opens_everything_and_a_wrong_one_nothing() {
    let service = Service::start().await;
    let guard = api::Guard {
        token: Some("0123456789abcdef".into()),
        ..service.guard()
    };
    let router = api::router(service.app.clone(), guard);
    let ask = async |token: &str| {
        let mut asked = request(Method::GET, "/api/users", Body::empty());
        if !token.is_empty() {
            let value = format!("Bearer {token}").parse().unwrap();
            asked.headers_mut().insert(header::AUTHORIZATION, value);
        }
        crate::fixtures::ask(&router, asked).await
    };
    assert_eq!(ask("0123456789abcdef").await.status, 200);
    ask("0123456789abcdeg")
        .await
        .assert_problem(401, "key-refused");
    ask("").await.assert_problem(401, "token-needed");
}
