//! Laws of accounts, sessions, keys and the log.

use xoay_format::Text;

use super::{Place, product};
use crate::Error;
use crate::catalogue::{NewProduct, OrganisationId, Reach, Records, UserId};
use crate::people::{IDLE, LONGEST, Membership, NewKey, NewUser, Permission, Role, User, acting};

async fn account(records: &dyn Records, name: &str) -> User {
    let new = NewUser {
        name: name.into(),
        full_name: name.to_uppercase(),
        password_hash: Some("hash".into()),
        is_administrator: false,
        membership: Some(Membership {
            organisation: OrganisationId::HOUSE,
            role: Role::Viewer,
        }),
    };
    records.create_user(&new).await.unwrap()
}

pub(super) async fn accounts_have_one_name_and_roles_of_their_own(place: &Place) {
    let records = place.open().await;
    assert!(!records.has_users().await.unwrap());
    let lan = account(&*records, "lan").await;
    assert!(records.has_users().await.unwrap());
    let again = NewUser {
        name: "lan".into(),
        full_name: "Other".into(),
        password_hash: None,
        is_administrator: true,
        membership: None,
    };
    let taken = records.create_user(&again).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })));
    let name = Text::new("Tỉnh bạn", "Neighbours");
    let other = records
        .create_organisation("neighbours", &name)
        .await
        .unwrap();
    let taken = records.create_organisation("neighbours", &name).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })));
    records
        .set_role(lan.id, other.id, Some(Role::Reviewer))
        .await
        .unwrap();
    records
        .set_role(lan.id, other.id, Some(Role::Producer))
        .await
        .unwrap();
    let mai = account(&*records, "mai").await;
    let roles = async |reach: Reach| {
        let users = records.users(&reach, None, 10).await.unwrap();
        users
            .into_iter()
            .map(|(user, roles)| (user.id, roles.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(roles(Reach::All).await, [(lan.id, 2), (mai.id, 1)]);
    // Who looks from one house sees what people are there, and nobody else.
    assert_eq!(roles(Reach::Of(vec![other.id])).await, [(lan.id, 1)]);
    assert_eq!(roles(Reach::Of(Vec::new())).await, []);
    let after = records.users(&Reach::All, Some(lan.id), 10).await.unwrap();
    assert_eq!(after.len(), 1);
    records.set_role(lan.id, other.id, None).await.unwrap();
    assert_eq!(roles(Reach::Of(vec![other.id])).await, []);
    let absent = records
        .set_role(UserId::fresh(), other.id, Some(Role::Viewer))
        .await;
    assert!(matches!(absent, Err(Error::NoSuchUser { .. })));
    let absent = records
        .set_role(lan.id, OrganisationId::fresh(), Some(Role::Viewer))
        .await;
    assert!(matches!(absent, Err(Error::NoSuchOrganisation { .. })));
    let slugs: Vec<_> = records
        .organisations(&Reach::All)
        .await
        .unwrap()
        .into_iter()
        .map(|o| o.slug)
        .collect();
    assert_eq!(slugs, ["neighbours", "xoay"]);
}

pub(super) async fn sessions_end_by_themselves_and_by_request(place: &Place) {
    let records = place.open().await;
    let lan = account(&*records, "lan").await;
    let open = async |token: &str| records.open_session(lan.id, token).await.unwrap();
    let lives = async |token: &str| records.session(token).await.unwrap().is_some();
    for token in ["a", "b", "c", "d"] {
        open(token).await;
    }
    let session = records.session("a").await.unwrap().unwrap();
    assert_eq!(
        (session.user.name.as_str(), session.memberships.len()),
        ("lan", 1)
    );
    assert!(!lives("e").await);
    records.end_session("a").await.unwrap();
    assert!(!lives("a").await && lives("b").await);
    let idle_ms = IDLE.whole_milliseconds() + 1000;
    place
        .execute(&format!(
            "UPDATE sessions SET seen_ms = seen_ms - {idle_ms} WHERE token_hash = 'b'"
        ))
        .await;
    let old_ms = LONGEST.whole_milliseconds() + 1000;
    place
        .execute(&format!(
            "UPDATE sessions SET created_ms = created_ms - {old_ms} WHERE token_hash = 'c'"
        ))
        .await;
    assert!(!lives("b").await && !lives("c").await && lives("d").await);
    // Use keeps a session alive: the moment of the last one is written.
    place
        .execute("UPDATE sessions SET seen_ms = seen_ms - 3600000 WHERE token_hash = 'd'")
        .await;
    assert!(lives("d").await);
    place
        .execute(&format!(
            "UPDATE sessions SET seen_ms = seen_ms - {} WHERE token_hash = 'd'",
            idle_ms - 3_600_000
        ))
        .await;
    assert!(lives("d").await);
    for end in ["all", "password", "disabled"] {
        open(end).await;
        match end {
            "all" => records.end_sessions(lan.id).await.unwrap(),
            "password" => records.set_password(lan.id, "other").await.unwrap(),
            _ => records.set_disabled(lan.id, true).await.unwrap(),
        }
        assert!(!lives(end).await, "{end}");
    }
    open("closed").await;
    assert!(!lives("closed").await, "the account is closed");
}

pub(super) async fn tries_are_counted_and_forgotten(place: &Place) {
    let records = place.open().await;
    let subjects = ["account:lan".to_owned(), "peer:1.2.3.4".to_owned()];
    assert_eq!(records.count_tries(&subjects).await.unwrap(), [1, 1]);
    assert_eq!(records.count_tries(&subjects[..1]).await.unwrap(), [2]);
    assert_eq!(records.count_tries(&subjects).await.unwrap(), [3, 2]);
    records.forget_tries("account:lan").await.unwrap();
    assert_eq!(records.count_tries(&subjects).await.unwrap(), [1, 3]);
    place
        .execute("UPDATE sign_in_failures SET at_ms = at_ms - 16 * 60000")
        .await;
    assert_eq!(records.count_tries(&subjects).await.unwrap(), [1, 1]);
}

pub(super) async fn keys_are_valid_until_they_run_out_or_are_taken_back(place: &Place) {
    let records = place.open().await;
    let new = |secret: &str| NewKey {
        organisation: OrganisationId::HOUSE,
        name: "camera".into(),
        scopes: vec![Permission::Digitize, Permission::Read],
        expires_at: None,
        prefix: "xoay_12345678".into(),
        secret_hash: secret.into(),
    };
    let made = records.create_key(&new("one")).await.unwrap();
    assert_eq!(made.used_at, None);
    let found = records.key("one").await.unwrap().unwrap();
    assert_eq!((found.id, found.scopes.len()), (made.id, 2));
    let listed = records.keys(OrganisationId::HOUSE).await.unwrap();
    assert!(listed[0].used_at.is_some());
    assert!(records.key("other").await.unwrap().is_none());
    let past = time::OffsetDateTime::now_utc() - time::Duration::seconds(1);
    let late = NewKey {
        expires_at: Some(past),
        ..new("late")
    };
    records.create_key(&late).await.unwrap();
    assert!(records.key("late").await.unwrap().is_none());
    assert!(
        !records
            .revoke_key(OrganisationId::fresh(), made.id)
            .await
            .unwrap()
    );
    assert!(records.key("one").await.unwrap().is_some());
    assert!(
        records
            .revoke_key(OrganisationId::HOUSE, made.id)
            .await
            .unwrap()
    );
    assert!(records.key("one").await.unwrap().is_none());
}

pub(super) async fn changes_are_logged_in_their_own_transaction(place: &Place) {
    let records = place.open().await;
    let name = Text::new("Tỉnh bạn", "Neighbours");
    let other = records
        .create_organisation("neighbours", &name)
        .await
        .unwrap();
    let new = NewProduct {
        name: name.clone(),
        organisation: Some(other.id),
        ..NewProduct::default()
    };
    let theirs = acting("user:lan".into(), records.create_product(&new))
        .await
        .unwrap();
    product(&*records).await;
    // What fails leaves no line.
    let failed = acting(
        "user:mai".into(),
        records.update_product(crate::catalogue::ProductId::fresh(), &new),
    )
    .await;
    assert!(failed.is_err());
    let all = records.audit(&Reach::All, None, 10).await.unwrap();
    let lines: Vec<_> = all
        .iter()
        .map(|entry| (entry.action.as_str(), entry.actor.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            ("product.create", "service"),
            ("product.create", "user:lan"),
            ("organisation.create", "service")
        ]
    );
    let own = records
        .audit(&Reach::Of(vec![other.id]), None, 10)
        .await
        .unwrap();
    assert_eq!(own.len(), 2);
    assert_eq!(
        (own[0].subject.clone(), own[0].organisation),
        (theirs.id.to_string(), Some(other.id))
    );
    let older = records
        .audit(&Reach::All, Some(all[0].id), 1)
        .await
        .unwrap();
    assert_eq!(older[0].id, all[1].id);
    assert_eq!(
        records.secret("a").await.unwrap(),
        records.secret("a").await.unwrap()
    );
    assert_ne!(
        records.secret("a").await.unwrap(),
        records.secret("b").await.unwrap()
    );
}
