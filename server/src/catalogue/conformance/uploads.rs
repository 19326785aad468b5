//! Laws of uploads that arrive in pieces.

use std::time::Duration;

use super::{Place, product};
use crate::Error;
use crate::catalogue::{NewUpload, Reach, Records, UploadKind, UploadLimits, UploadPart};

const DAY: Duration = Duration::from_hours(24);

async fn new_upload(ledger: &dyn Records) -> NewUpload {
    let product_id = product(ledger).await;
    NewUpload {
        product_id,
        capture_id: Some(ledger.current_capture(product_id).await.unwrap()),
        kind: UploadKind::Photo,
        name: "1.jpg".into(),
        sha256: None,
        fingerprint: Some("1-2".into()),
        length_bytes: 10,
    }
}

fn part(offset_bytes: u64, size_bytes: u64, object: &str) -> UploadPart {
    UploadPart {
        offset_bytes,
        size_bytes,
        object: object.into(),
    }
}

pub(super) async fn of_two_that_send_the_same_bytes_one_wins(place: &Place) {
    let ledger = place.open().await;
    let new = new_upload(&*ledger).await;
    let limits = UploadLimits::default();
    let id = ledger.open_upload(&new, &limits, DAY).await.unwrap().id;
    let (a, b) = ([part(0, 4, "a")], [part(0, 6, "b")]);
    let (a, b) = tokio::join!(
        ledger.advance(id, 0, &a, DAY),
        ledger.advance(id, 0, &b, DAY)
    );
    assert!(a.unwrap() ^ b.unwrap());
    let now = ledger.upload(id).await.unwrap().unwrap();
    let parts = ledger.parts(id).await.unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].size_bytes, now.offset_bytes);
    // Beyond its declared length no part goes in, and the transaction leaves nothing behind.
    let beyond = [part(now.offset_bytes, 11, "c")];
    let refused = ledger.advance(id, now.offset_bytes, &beyond, DAY).await;
    assert!(refused.is_err());
    assert_eq!(ledger.parts(id).await.unwrap(), parts);
}

pub(super) async fn what_is_on_its_way_counts_against_the_limits(place: &Place) {
    let ledger = place.open().await;
    let new = new_upload(&*ledger).await;
    let limits = UploadLimits {
        photos: 2,
        capture_bytes: 25,
        ..UploadLimits::default()
    };
    let named = |name: &str, length_bytes| NewUpload {
        name: name.into(),
        length_bytes,
        ..new.clone()
    };
    let open = async |name, length| ledger.open_upload(&named(name, length), &limits, DAY).await;
    open("1.jpg", 10).await.unwrap();
    let large = open("2.jpg", 16).await;
    assert!(matches!(large, Err(Error::CaptureTooLarge { .. })));
    let second = open("2.jpg", 15).await.unwrap();
    let third = open("3.jpg", 1).await;
    assert!(matches!(third, Err(Error::TooManyPhotos { .. })));
    assert!(ledger.close_upload(second.id).await.unwrap());
    open("3.jpg", 1).await.unwrap();
}

pub(super) async fn an_expired_upload_is_gone_until_it_is_swept(place: &Place) {
    let ledger = place.open().await;
    let new = new_upload(&*ledger).await;
    let limits = UploadLimits::default();
    let opened = ledger.open_upload(&new, &limits, Duration::ZERO).await;
    let id = opened.unwrap().id;
    assert_eq!(ledger.upload(id).await.unwrap(), None);
    assert!(ledger.uploads(new.product_id).await.unwrap().is_empty());
    assert_eq!(ledger.expired_uploads(10).await.unwrap(), [id]);
    assert!(ledger.close_upload(id).await.unwrap());
    assert!(!ledger.close_upload(id).await.unwrap());
    assert!(ledger.expired_uploads(10).await.unwrap().is_empty());
}

pub(super) async fn a_finished_upload_keeps_no_parts_and_is_named_until_then(place: &Place) {
    let ledger = place.open().await;
    let new = new_upload(&*ledger).await;
    let limits = UploadLimits::default();
    let id = ledger.open_upload(&new, &limits, DAY).await.unwrap().id;
    let holders = async || {
        let mut holders = Vec::new();
        let mut tell = |reference: crate::catalogue::Reference| holders.push(reference.holder);
        ledger.each_reference(&mut tell).await.unwrap();
        holders
    };
    assert!(
        ledger
            .advance(id, 0, &[part(0, 10, "a")], DAY)
            .await
            .unwrap()
    );
    assert_eq!(holders().await, [format!("upload {id}")]);
    ledger.finish(id).await.unwrap();
    assert!(ledger.upload(id).await.unwrap().unwrap().finished);
    assert!(ledger.parts(id).await.unwrap().is_empty() && holders().await.is_empty());
}

pub(super) async fn a_dead_job_is_listed_counted_and_revived(place: &Place) {
    use crate::catalogue::{JobKind, JobState};

    let records = place.open().await;
    let product = product(&*records).await;
    let job = records.enqueue(product, JobKind::Spin).await.unwrap();
    place
        .execute("UPDATE jobs SET state = 'failed', error = NULL")
        .await;
    let dead = records.dead_jobs(5).await.unwrap();
    assert_eq!(dead.iter().map(|job| job.id).collect::<Vec<_>>(), [job.id]);
    let counts = records.job_counts().await.unwrap();
    assert_eq!(counts, [(JobKind::Spin, JobState::Failed, 1)]);
    let again = records.revive(job.id).await.unwrap().unwrap();
    assert_eq!((again.state, again.attempts), (JobState::Queued, 0));
    assert!(records.dead_jobs(5).await.unwrap().is_empty());
    let log = records.audit(&Reach::All, None, 10).await.unwrap();
    assert_eq!(log[0].action, "job.retry");
    // One that is not dead stays as it is, and nobody is said to have changed it.
    records.revive(job.id).await.unwrap();
    let same = records.audit(&Reach::All, None, 10).await.unwrap();
    assert_eq!(same.len(), log.len());
    let limited = records.claim_kinds(&[JobKind::Model], DAY).await.unwrap();
    assert!(limited.is_none(), "there is no model to make");
    let claimed = records.claim_kinds(&[JobKind::Model, JobKind::Spin], DAY);
    assert_eq!(claimed.await.unwrap().unwrap().job.id, job.id);
}
