//! What every database must keep: one suite, run on SQLite and on PostgreSQL.

mod listing;
mod people;
mod producers;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use xoay_format::Text;

use super::{
    Beat, CaptureId, JobFailure, JobKind, JobState, MadeSpin, NewProduct, Photo, Postgres,
    Produced, ProductId, Progress, Records, Sqlite, Upload, UploadLimits, Wanted,
};
use crate::Error;
use crate::store::{Class, ObjectKey};
use listing::{
    fifteen_thousand_products_are_searched_filtered_and_paged,
    words_are_found_without_accents_and_by_their_beginnings,
};
use people::{
    accounts_have_one_name_and_roles_of_their_own, changes_are_logged_in_their_own_transaction,
    keys_are_valid_until_they_run_out_or_are_taken_back, sessions_end_by_themselves_and_by_request,
    tries_are_counted_and_forgotten,
};
use producers::{
    a_product_bears_its_producers_name, an_older_database_keeps_its_producers_and_photos,
    each_capture_has_a_spin_of_its_own,
    photos_belong_to_captures_and_the_newest_is_the_current_one,
    producers_belong_to_organisations_and_codes_to_one_of_them,
};
use uploads::{
    a_dead_job_is_listed_counted_and_revived,
    a_finished_upload_keeps_no_parts_and_is_named_until_then,
    an_expired_upload_is_gone_until_it_is_swept, of_two_that_send_the_same_bytes_one_wins,
    what_is_on_its_way_counts_against_the_limits,
};

const LEASE: Duration = Duration::from_mins(1);
/// A lease that has run out by the next statement but one.
const SHORT: Duration = Duration::from_millis(1);

/// A database of a test's own, which may be opened more than once.
pub(super) enum Place {
    File(tempfile::TempDir),
    Address(String),
}

impl Place {
    async fn open(&self) -> Arc<dyn Records> {
        match self {
            Self::File(folder) => {
                Arc::new(Sqlite::open(&folder.path().join("xoay.db")).await.unwrap())
            }
            Self::Address(url) => Arc::new(Postgres::open(url).await.unwrap()),
        }
    }

    /// Makes the tables as the program of an older time did: by the migrations up to this one.
    async fn make_at(&self, last: i64) {
        use sqlx::Connection;
        use sqlx::migrate::Migrator;
        let until = |whole: Migrator| Migrator {
            migrations: whole
                .iter()
                .filter(|one| one.version <= last)
                .cloned()
                .collect(),
            ..whole
        };
        match self {
            Self::File(folder) => {
                let file = folder.path().join("xoay.db");
                let address = format!("sqlite:{}?mode=rwc", file.display());
                let mut connection = sqlx::SqliteConnection::connect(&address).await.unwrap();
                let migrations = until(sqlx::migrate!("migrations/sqlite"));
                migrations.run(&mut connection).await.unwrap();
            }
            Self::Address(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                let migrations = until(sqlx::migrate!("migrations/postgres"));
                migrations.run(&mut connection).await.unwrap();
            }
        }
    }

    /// Changes the tables behind everybody's back, as time does.
    async fn execute(&self, sql: &str) {
        use sqlx::{AssertSqlSafe, Connection};
        let done = match self {
            Self::File(folder) => {
                let address = format!("sqlite:{}", folder.path().join("xoay.db").display());
                let mut connection = sqlx::SqliteConnection::connect(&address).await.unwrap();
                let done = sqlx::query(AssertSqlSafe(sql))
                    .execute(&mut connection)
                    .await;
                done.map(|_| ())
            }
            Self::Address(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                let done = sqlx::query(AssertSqlSafe(sql))
                    .execute(&mut connection)
                    .await;
                done.map(|_| ())
            }
        };
        done.unwrap();
    }
}

async fn product(catalogue: &dyn Records) -> ProductId {
    let new = NewProduct {
        name: Text::new("Mật ong", "Honey"),
        ..NewProduct::default()
    };
    catalogue.create_product(&new).await.unwrap().id
}

fn spin(tint: u8) -> Produced {
    let folder = tempfile::tempdir().unwrap();
    crate::fixtures::spin_folder(folder.path(), tint);
    let json = std::fs::read(folder.path().join("manifest.json")).unwrap();
    let mut spin: xoay_format::SpinManifest = serde_json::from_slice(&json).unwrap();
    spin.generator = format!("test {tint}");
    Produced::Spin(MadeSpin {
        manifest: spin,
        report: Some(format!("{}.json", "7".repeat(64))),
    })
}

fn photo(name: &str, size_bytes: u64) -> Photo {
    Photo {
        name: name.into(),
        upload: Upload {
            key: ObjectKey::new(Class::Original, [1; 32], "jpg").unwrap(),
            size_bytes,
        },
    }
}

fn failure() -> JobFailure {
    JobFailure {
        code: "internal".into(),
        message: Text::new("hỏng", "broken"),
    }
}

async fn a_taken_slug_gets_a_number_and_publishing_by_slug_finds_it_again(place: &Place) {
    let catalogue = place.open().await;
    let mut new = NewProduct {
        name: Text::new("Mật ong", ""),
        ..NewProduct::default()
    };
    let slugs = [
        catalogue.create_product(&new).await.unwrap().slug,
        catalogue.create_product(&new).await.unwrap().slug,
        catalogue.create_product(&new).await.unwrap().slug,
    ];
    assert_eq!(slugs, ["mat-ong", "mat-ong-2", "mat-ong-3"]);
    let first = catalogue.product_by_slug_or_create(&new).await.unwrap();
    assert_eq!(first.slug, "mat-ong");
    new.producer = Text::new("HTX", "Co-op");
    let changed = catalogue.product_by_slug_or_create(&new).await.unwrap();
    assert_eq!(
        (changed.id, changed.producer.en.as_str()),
        (first.id, "Co-op")
    );
    assert_eq!(
        catalogue
            .products(&Wanted::newest(100))
            .await
            .unwrap()
            .products
            .len(),
        3
    );
}

async fn products_come_newest_first_and_in_pages(place: &Place) {
    let catalogue = place.open().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(product(&*catalogue).await);
    }
    ids.reverse();
    let page = catalogue.products(&Wanted::newest(3)).await.unwrap();
    assert_eq!(page.next, Some(ids[2]));
    let listed: Vec<_> = page.products.iter().map(|p| p.product.id).collect();
    assert_eq!(listed, ids[..3]);
    let rest = Wanted {
        before: page.next,
        ..Wanted::newest(3)
    };
    let rest = catalogue.products(&rest).await.unwrap();
    assert_eq!(rest.next, None);
    let listed: Vec<_> = rest.products.iter().map(|p| p.product.id).collect();
    assert_eq!(listed, ids[3..]);
}

async fn limits_count_what_a_photo_replaces_only_once(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    let limits = UploadLimits {
        photos: 2,
        capture_bytes: 100,
        ..UploadLimits::default()
    };
    let capture = catalogue.current_capture(id).await.unwrap();
    let put = async |name, size| {
        let photo = photo(name, size);
        catalogue.put_photo(capture, &photo, &limits).await
    };
    put("a.jpg", 60).await.unwrap();
    put("a.jpg", 90).await.unwrap();
    let refused = put("b.jpg", 11).await;
    assert!(matches!(refused, Err(Error::CaptureTooLarge { .. })));
    put("b.jpg", 10).await.unwrap();
    put("b.jpg", 9).await.unwrap();
    let refused = put("c.jpg", 1).await;
    assert!(matches!(refused, Err(Error::TooManyPhotos { .. })));
    let names: Vec<_> = catalogue
        .photos(capture)
        .await
        .unwrap()
        .into_iter()
        .map(|p| p.name)
        .collect();
    assert_eq!(names, ["a.jpg", "b.jpg"]);
    assert!(catalogue.delete_photo(capture, "a.jpg").await.unwrap());
    assert!(!catalogue.delete_photo(capture, "a.jpg").await.unwrap());
    let nobody = catalogue
        .put_photo(CaptureId::fresh(), &photo("a.jpg", 1), &limits)
        .await;
    assert!(matches!(nobody, Err(Error::NoSuchCapture { .. })));
}

async fn the_same_manifest_is_the_same_version(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    assert!(catalogue.publication(id).await.unwrap().is_none());
    assert_eq!(catalogue.publish(id, "{\"a\":1}").await.unwrap().version, 1);
    assert_eq!(catalogue.publish(id, "{\"a\":1}").await.unwrap().version, 1);
    assert_eq!(catalogue.publish(id, "{\"a\":2}").await.unwrap().version, 2);
    let public = catalogue.publication(id).await.unwrap().unwrap();
    assert_eq!((public.version, public.manifest.as_str()), (2, "{\"a\":2}"));
    let all = catalogue.publications(10).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].1.version, 2);
}

async fn a_second_request_joins_the_first(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    let first = catalogue.enqueue(id, JobKind::Spin).await.unwrap();
    assert_eq!(
        catalogue.enqueue(id, JobKind::Spin).await.unwrap().id,
        first.id
    );
    assert_ne!(
        catalogue.enqueue(id, JobKind::Model).await.unwrap().id,
        first.id
    );
    let claim = catalogue.claim(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.job.id, first.id);
    assert_eq!(
        catalogue.enqueue(id, JobKind::Spin).await.unwrap().id,
        first.id
    );
    let capture = claim.job.capture_id.unwrap();
    assert_eq!(catalogue.latest_spin(capture).await.unwrap(), None);
    assert!(catalogue.complete(&claim, &spin(1)).await.unwrap());
    let latest = catalogue.latest_spin(capture).await.unwrap();
    assert_eq!(latest.map(Produced::Spin), Some(spin(1)));
    assert_eq!(
        catalogue.latest_spin(CaptureId::fresh()).await.unwrap(),
        None
    );
    assert_ne!(
        catalogue.enqueue(id, JobKind::Spin).await.unwrap().id,
        first.id
    );
}

async fn of_many_workers_one_gets_the_job(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    catalogue.enqueue(id, JobKind::Spin).await.unwrap();
    let claims = futures::future::join_all((0..8).map(|_| catalogue.claim(LEASE))).await;
    let taken = claims.into_iter().filter(|c| c.as_ref().unwrap().is_some());
    assert_eq!(taken.count(), 1);
}

async fn a_stale_worker_changes_nothing(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    let job = catalogue.enqueue(id, JobKind::Spin).await.unwrap().id;
    let stale = catalogue.claim(SHORT).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let fresh = catalogue.claim(LEASE).await.unwrap().unwrap();
    assert_eq!((fresh.job.id, fresh.job.attempts), (job, 2));
    let beat = catalogue
        .beat(&stale, &Progress::default(), LEASE)
        .await
        .unwrap();
    assert_eq!(beat, Beat::Lost);
    assert!(!catalogue.complete(&stale, &spin(1)).await.unwrap());
    assert!(!catalogue.fail(&stale, &failure(), None).await.unwrap());
    assert!(!catalogue.release(&stale).await.unwrap());
    assert!(!catalogue.holds(job, stale.token).await.unwrap());
    assert!(catalogue.holds(job, fresh.token).await.unwrap());
    assert_eq!(
        catalogue.job(job).await.unwrap().unwrap().state,
        JobState::Running
    );
    assert!(catalogue.complete(&fresh, &spin(2)).await.unwrap());
    assert_eq!(catalogue.produced(job).await.unwrap(), Some(spin(2)));
    // Even the rightful worker ends a job once only.
    assert!(!catalogue.complete(&fresh, &spin(3)).await.unwrap());
}

async fn a_lease_that_is_kept_alive_is_not_taken(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    catalogue.enqueue(id, JobKind::Spin).await.unwrap();
    let claim = catalogue.claim(SHORT).await.unwrap().unwrap();
    let beat = catalogue
        .beat(&claim, &Progress::default(), LEASE)
        .await
        .unwrap();
    assert_eq!(beat, Beat::Held);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(catalogue.claim(LEASE).await.unwrap().is_none());
}

async fn a_job_that_ends_its_workers_is_buried_with_its_reason(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    let job = catalogue.enqueue(id, JobKind::Spin).await.unwrap().id;
    for _ in 0..3 {
        assert!(catalogue.claim(SHORT).await.unwrap().is_some());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(catalogue.claim(SHORT).await.unwrap().is_none());
    let job = catalogue.job(job).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(job.error.unwrap().code, "abandoned");
}

async fn a_failed_attempt_waits_before_the_next_and_the_third_is_the_last(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    let job = catalogue.enqueue(id, JobKind::Spin).await.unwrap().id;
    let claim = catalogue.claim(LEASE).await.unwrap().unwrap();
    assert!(
        catalogue
            .fail(&claim, &failure(), Some(LEASE))
            .await
            .unwrap()
    );
    assert_eq!(
        catalogue.job(job).await.unwrap().unwrap().state,
        JobState::Queued
    );
    assert!(catalogue.claim(LEASE).await.unwrap().is_none(), "it waits");

    let other = product(&*catalogue).await;
    let job = catalogue.enqueue(other, JobKind::Spin).await.unwrap().id;
    for attempt in 1..=3 {
        let claim = catalogue.claim(LEASE).await.unwrap().unwrap();
        assert_eq!((claim.job.id, claim.job.attempts), (job, attempt));
        assert!(
            catalogue
                .fail(&claim, &failure(), Some(Duration::ZERO))
                .await
                .unwrap()
        );
    }
    assert_eq!(
        catalogue.job(job).await.unwrap().unwrap().state,
        JobState::Failed
    );
}

async fn cancelling_ends_a_waiting_job_and_asks_a_running_one(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    let waiting = catalogue.enqueue(id, JobKind::Spin).await.unwrap().id;
    let cancelled = catalogue.cancel(waiting).await.unwrap().unwrap();
    assert_eq!(cancelled.state, JobState::Cancelled);
    assert!(catalogue.claim(LEASE).await.unwrap().is_none());

    let running = catalogue.enqueue(id, JobKind::Spin).await.unwrap().id;
    let claim = catalogue.claim(LEASE).await.unwrap().unwrap();
    let asked = catalogue.cancel(running).await.unwrap().unwrap();
    assert_eq!(
        (asked.state, asked.cancel_requested),
        (JobState::Running, true)
    );
    let beat = catalogue
        .beat(&claim, &Progress::default(), LEASE)
        .await
        .unwrap();
    assert_eq!(beat, Beat::Cancelled);
    assert!(catalogue.release(&claim).await.unwrap());
    let job = catalogue.job(running).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Cancelled);
    assert!(job.finished_at.is_some());
    // What has ended stays as it is.
    assert_eq!(catalogue.cancel(running).await.unwrap().unwrap(), job);
}

async fn everything_is_there_after_a_restart(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    let job = catalogue.enqueue(id, JobKind::Spin).await.unwrap();
    drop(catalogue);
    let catalogue = place.open().await;
    assert!(catalogue.product(id).await.unwrap().is_some());
    assert_eq!(catalogue.job(job.id).await.unwrap().unwrap(), job);
}

async fn two_processes_share_the_queue_and_no_job_is_taken_twice(place: &Place) {
    const JOBS: usize = 24;
    let (one, other) = (place.open().await, place.open().await);
    for _ in 0..JOBS {
        let id = product(&*one).await;
        one.enqueue(id, JobKind::Spin).await.unwrap();
    }
    let work = async |store: &dyn Records| {
        let mut taken = Vec::new();
        while let Some(claim) = store.claim(LEASE).await.unwrap() {
            assert!(store.complete(&claim, &spin(1)).await.unwrap());
            taken.push((claim.job.id, claim.job.attempts));
        }
        taken
    };
    let (mut taken, b, c, d) = tokio::join!(work(&*one), work(&*other), work(&*one), work(&*other));
    taken.extend(b.into_iter().chain(c).chain(d));
    taken.sort();
    taken.dedup_by_key(|(id, _)| *id);
    // A claim that finds all waiting jobs locked comes back empty-handed; the others then take them.
    assert_eq!(taken.len(), JOBS);
    assert!(taken.iter().all(|(_, attempts)| *attempts == 1));
}

async fn many_at_once_get_slugs_and_versions_of_their_own(place: &Place) {
    let (one, other) = (place.open().await, place.open().await);
    let ids = futures::future::join_all(
        (0..12).map(|i| product(if i % 2 == 0 { &*one } else { &*other })),
    )
    .await;
    let mut slugs = Vec::new();
    for id in &ids {
        slugs.push(one.product(*id).await.unwrap().unwrap().slug);
    }
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), 12);
    let manifests: Vec<_> = (0..8).map(|i| format!("{{\"a\":{i}}}")).collect();
    let published = futures::future::join_all(manifests.iter().enumerate().map(|(i, manifest)| {
        if i % 2 == 0 {
            one.publish(ids[0], manifest)
        } else {
            other.publish(ids[0], manifest)
        }
    }))
    .await;
    let mut versions: Vec<_> = published.into_iter().map(|p| p.unwrap().version).collect();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
    let jobs = futures::future::join_all((0..8).map(|i| {
        if i % 2 == 0 {
            one.enqueue(ids[0], JobKind::Spin)
        } else {
            other.enqueue(ids[0], JobKind::Spin)
        }
    }))
    .await;
    let first = jobs[0].as_ref().unwrap().id;
    assert!(jobs.iter().all(|job| job.as_ref().unwrap().id == first));
}

async fn what_no_text_can_hold_is_found_nowhere(place: &Place) {
    let catalogue = place.open().await;
    let id = product(&*catalogue).await;
    assert!(catalogue.product_by_slug("a\0b").await.unwrap().is_none());
    let capture = catalogue.current_capture(id).await.unwrap();
    assert!(!catalogue.delete_photo(capture, "a\0b").await.unwrap());
}

/// Names the laws once: each is a test of its own on SQLite; on PostgreSQL one server serves them all.
macro_rules! laws {
    ($($law:ident),* $(,)?) => {
        mod on_sqlite {
            use super::Place;

            $(
                #[tokio::test]
                async fn $law() {
                    super::$law(&Place::File(tempfile::tempdir().unwrap())).await;
                }
            )*
        }

        #[test]
        fn every_law_holds_on_postgresql() {
            let server = xoay_tests::PostgresServer::start();
            let mut broken = Vec::new();
            $({
                let runtime = tokio::runtime::Runtime::new().unwrap();
                let place = Place::Address(server.database());
                let run = std::panic::AssertUnwindSafe(|| runtime.block_on($law(&place)));
                if std::panic::catch_unwind(run).is_err() {
                    broken.push(stringify!($law));
                }
            })*
            assert!(broken.is_empty(), "broken on PostgreSQL: {broken:#?}");
        }
    };
}

laws!(
    a_taken_slug_gets_a_number_and_publishing_by_slug_finds_it_again,
    products_come_newest_first_and_in_pages,
    limits_count_what_a_photo_replaces_only_once,
    the_same_manifest_is_the_same_version,
    a_second_request_joins_the_first,
    of_many_workers_one_gets_the_job,
    a_stale_worker_changes_nothing,
    a_lease_that_is_kept_alive_is_not_taken,
    a_job_that_ends_its_workers_is_buried_with_its_reason,
    a_failed_attempt_waits_before_the_next_and_the_third_is_the_last,
    cancelling_ends_a_waiting_job_and_asks_a_running_one,
    everything_is_there_after_a_restart,
    two_processes_share_the_queue_and_no_job_is_taken_twice,
    many_at_once_get_slugs_and_versions_of_their_own,
    what_no_text_can_hold_is_found_nowhere,
    words_are_found_without_accents_and_by_their_beginnings,
    fifteen_thousand_products_are_searched_filtered_and_paged,
    accounts_have_one_name_and_roles_of_their_own,
    sessions_end_by_themselves_and_by_request,
    tries_are_counted_and_forgotten,
    keys_are_valid_until_they_run_out_or_are_taken_back,
    changes_are_logged_in_their_own_transaction,
    a_dead_job_is_listed_counted_and_revived,
    a_finished_upload_keeps_no_parts_and_is_named_until_then,
    an_expired_upload_is_gone_until_it_is_swept,
    of_two_that_send_the_same_bytes_one_wins,
    what_is_on_its_way_counts_against_the_limits,
    a_product_bears_its_producers_name,
    producers_belong_to_organisations_and_codes_to_one_of_them,
    photos_belong_to_captures_and_the_newest_is_the_current_one,
    each_capture_has_a_spin_of_its_own,
    an_older_database_keeps_its_producers_and_photos,
);
