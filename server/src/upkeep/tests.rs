use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::backup::backup_with;
use super::collect::collect_with;
use super::verify::verify_with;
use super::{Fault, Kept, collect};
use crate::catalogue::Sqlite;
use crate::fixtures::{Plan, Service, photo};

const DAY: Duration = Duration::from_hours(24);

/// A service with a finished, published spin.
async fn furnished() -> (Service, String) {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    service.start_spin(&product).await;
    service.work(Plan::Succeed(1)).await;
    let path = format!("/api/products/{product}/publish");
    let published = service.post(&path, &serde_json::Value::Null).await;
    assert!(published.status.is_success(), "{}", published.text());
    (service, product)
}

fn kept(folder: &tempfile::TempDir) -> Kept<'_> {
    Kept {
        data_dir: folder.path(),
        database_url: None,
        store_url: None,
    }
}

fn age(path: &Path, by: Duration) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - by).unwrap();
}

impl Service {
    async fn faults_found(&self) -> Vec<Fault> {
        let verified = verify_with(&*self.catalogue, &self.app.objects, |_| ())
            .await
            .unwrap();
        assert_eq!(verified.fault_count, verified.faults.len() as u64);
        verified.faults
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }
}

#[tokio::test]
async fn what_is_sound_is_counted_and_each_wrong_is_named() {
    let (service, product) = furnished().await;
    let verified = verify_with(&*service.catalogue, &service.app.objects, |_| ())
        .await
        .unwrap();
    assert!(verified.is_sound(), "{:?}", verified.faults);
    assert_eq!((verified.sound, verified.orphans), (8, 0));
    assert_eq!(
        service.files_under("originals").len() + service.files_under("objects").len(),
        8
    );

    // One byte of an original, an object gone, a stranger, a photo that nobody names any more.
    let original = service.path(&service.files_under("originals")[0]);
    let mut bytes = std::fs::read(&original).unwrap();
    bytes[500] ^= 1;
    std::fs::write(&original, bytes).unwrap();
    let object = service.files_under("objects")[0].clone();
    std::fs::remove_file(service.path(&object)).unwrap();
    std::fs::write(service.path("objects/notes.txt"), "x").unwrap();
    let faults = service.faults_found().await;
    assert_eq!(faults.len(), 3, "{faults:#?}");
    let told: Vec<String> = faults.iter().map(|fault| fault.text().en).collect();
    assert!(told.iter().any(|text| text.contains("originals/") && text.contains(".jpg of the product mat-ong")));
    assert!(
        told.iter()
            .any(|text| text.starts_with(&object) && text.contains("of the product mat-ong"))
    );
    assert!(told.iter().any(|text| text.contains("notes.txt")));

    std::fs::remove_file(service.path("objects/notes.txt")).unwrap();
    let deleted = crate::fixtures::request(
        axum::http::Method::DELETE,
        &format!("/api/products/{product}/photos/1.jpg"),
        axum::body::Body::empty(),
    );
    assert!(service.ask(deleted).await.status.is_success());
    let verified = verify_with(&*service.catalogue, &service.app.objects, |_| ())
        .await
        .unwrap();
    assert_eq!(verified.orphans, 1);
}

#[tokio::test]
async fn only_what_is_old_and_unnamed_goes_and_it_can_come_back() {
    let (service, product) = furnished().await;
    let delete = || {
        crate::fixtures::request(
            axum::http::Method::DELETE,
            &format!("/api/products/{product}/photos/1.jpg"),
            axum::body::Body::empty(),
        )
    };
    let run = async || {
        collect_with(&*service.catalogue, &service.app.objects, DAY)
            .await
            .unwrap()
    };
    assert!(service.ask(delete()).await.status.is_success());
    assert_eq!(run().await.trashed, 0, "it is young");
    for file in service.files_under("originals") {
        age(&service.path(&file), 2 * DAY);
    }
    let collected = run().await;
    assert_eq!((collected.trashed, collected.purged), (1, 0));
    assert_eq!(service.files_under("originals").len(), 1);
    assert_eq!(service.files_under("trash").len(), 1);
    assert!(service.faults_found().await.is_empty());

    // The same photo comes again: it is stored again, and the trash is emptied in time.
    let path = format!("/api/products/{product}/photos/1.jpg");
    assert!(service.put(&path, photo(1)).await.status.is_success());
    assert!(service.faults_found().await.is_empty());
    let collected = run().await;
    assert_eq!((collected.trashed, collected.restored), (0, 1));
    assert!(service.files_under("trash").is_empty());

    assert!(service.ask(delete()).await.status.is_success());
    for file in service.files_under("originals") {
        age(&service.path(&file), 2 * DAY);
    }
    assert_eq!(run().await.trashed, 1);
    let trashed = service.files_under("trash").remove(0);
    let aged = trashed.split('/').nth(1).unwrap();
    std::fs::rename(
        service.path(&format!("trash/{aged}")),
        service.path("trash/1"),
    )
    .unwrap();
    assert_eq!(run().await.purged, 1);
    assert!(service.files_under("trash").is_empty());
}

#[tokio::test]
async fn an_object_that_is_wanted_again_is_young_again() {
    let (service, product) = furnished().await;
    for file in service.files_under("originals") {
        age(&service.path(&file), 2 * DAY);
    }
    let path = format!("/api/products/{product}/photos/3.jpg");
    assert!(service.put(&path, photo(1)).await.status.is_success());
    let young = service
        .files_under("originals")
        .iter()
        .filter(|file| {
            let modified = std::fs::metadata(service.path(file)).unwrap().modified();
            modified.unwrap().elapsed().unwrap() < DAY / 2
        })
        .count();
    assert_eq!(young, 1, "the one that was sent again");
}

#[tokio::test]
async fn a_backup_is_a_data_folder() {
    let (service, product) = furnished().await;
    let to = service.path("backup");
    let first = backup_with(&*service.catalogue, &service.app.objects, &to)
        .await
        .unwrap();
    assert_eq!((first.copied, first.there), (8, 0));
    let path = format!("/api/products/{product}/photos/3.jpg");
    assert!(service.put(&path, photo(3)).await.status.is_success());
    let second = backup_with(&*service.catalogue, &service.app.objects, &to)
        .await
        .unwrap();
    assert_eq!((second.copied, second.there), (1, 8));

    let url = url::Url::from_directory_path(&to).unwrap();
    let objects = crate::store::Objects::open(url.as_str()).unwrap();
    let restored = Sqlite::open(&to.join("xoay.db")).await.unwrap();
    let verified = verify_with(&restored, &objects, |_| ()).await.unwrap();
    assert!(verified.is_sound(), "{:?}", verified.faults);
    assert_eq!((verified.sound, verified.orphans), (9, 0));
}

#[tokio::test]
async fn a_short_grace_time_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = collect(kept(&folder), DAY / 2).await.unwrap_err();
    assert!(refused.to_string().contains("24 hours"), "{refused}");
    let empty = collect(kept(&folder), DAY).await.unwrap_err();
    assert!(empty.to_string().contains("xoay.db"), "{empty}");
}
