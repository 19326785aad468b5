//! What every store must keep: one suite, run on a local disk and on an S3 server, which is moto, or Garage with
//! `cargo xtask test --garage`.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use xoay_tests::S3Server;

use super::{Body, Class, ObjectKey, Objects, PART_BYTES, Read};
use crate::catalogue::{Stored, UploadId};

const BUCKET: &str = "products";
/// Later than anything was written.
const EVER_MS: i64 = i64::MAX;

#[tokio::test]
async fn a_local_disk_keeps_the_laws() {
    let folder = tempfile::tempdir().unwrap();
    let url = url::Url::from_directory_path(folder.path()).unwrap();
    keeps_the_laws(&Objects::open(url.as_str()).unwrap()).await;
}

#[test]
fn an_s3_server_keeps_the_laws() {
    // The server has a runtime of its own, and must end outside of any other.
    let server = S3Server::start(BUCKET);
    let objects = Objects::over(Arc::new(server.bucket(BUCKET)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(keeps_the_laws(&objects));
}

async fn keeps_the_laws(objects: &Objects) {
    let folder = tempfile::tempdir().unwrap();
    objects.probe().await.unwrap();
    objects.ping().await.unwrap();
    a_file_comes_back_whole_and_in_parts(objects, folder.path()).await;
    a_file_of_any_size_comes_back_whole(objects, folder.path()).await;
    what_is_stored_is_listed(objects).await;
    what_goes_to_the_trash_comes_back_or_goes_for_good(objects, folder.path()).await;
    a_piece_comes_back_and_goes_with_its_upload(objects).await;
}

async fn bytes_of(body: Body) -> Vec<u8> {
    let pieces: Vec<Bytes> = body.try_collect().await.unwrap();
    pieces.concat()
}

async fn put(objects: &Objects, key: &ObjectKey, folder: &Path, bytes: &[u8]) {
    let file = folder.join("in");
    std::fs::write(&file, bytes).unwrap();
    objects.put_file(key, &file).await.unwrap();
}

async fn a_file_comes_back_whole_and_in_parts(objects: &Objects, folder: &Path) {
    for class in [Class::Original, Class::Derived] {
        let key = ObjectKey::new(class, [7; 32], "png").unwrap();
        assert!(objects.get(&key, None).await.unwrap().is_none());
        assert_eq!(objects.size_bytes(&key).await.unwrap(), None);
        for _ in 0..2 {
            put(objects, &key, folder, b"0123456789").await;
        }
        objects
            .make_durable(std::slice::from_ref(&key))
            .await
            .unwrap();
        assert_eq!(objects.size_bytes(&key).await.unwrap(), Some(10));
        let whole = Read::Whole(Bytes::from_static(b"0123456789"));
        assert_eq!(objects.read(&key, 10).await.unwrap(), Some(whole));
        let larger = Read::Larger { size_bytes: 10 };
        assert_eq!(objects.read(&key, 9).await.unwrap(), Some(larger));
        let absent = ObjectKey::new(class, [8; 32], "png").unwrap();
        assert_eq!(objects.read(&absent, 10).await.unwrap(), None);
        for (range, wanted) in [(2..5, &b"234"[..]), (0..1, b"0"), (9..10, b"9")] {
            let part = objects.get(&key, Some(range)).await.unwrap().unwrap();
            assert_eq!(bytes_of(part).await, wanted);
        }
        let copy = folder.join(format!("{class:?}"));
        objects.copy_to_file(&key, &copy).await.unwrap();
        assert_eq!(std::fs::read(copy).unwrap(), b"0123456789");
    }
}

async fn a_file_of_any_size_comes_back_whole(objects: &Objects, folder: &Path) {
    let sizes = [
        0,
        1,
        PART_BYTES - 1,
        PART_BYTES,
        PART_BYTES + 1,
        2 * PART_BYTES + 7,
    ];
    for (number, size) in sizes.into_iter().enumerate() {
        let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        let key = ObjectKey::new(Class::Original, [number as u8 + 100; 32], "png").unwrap();
        put(objects, &key, folder, &bytes).await;
        let copy = folder.join(format!("{size}.copy"));
        objects.copy_to_file(&key, &copy).await.unwrap();
        assert!(std::fs::read(copy).unwrap() == bytes, "{size}");
    }
}

async fn what_is_stored_is_listed(objects: &Objects) {
    let listed: Vec<_> = objects.list().try_collect().await.unwrap();
    let key = ObjectKey::new(Class::Derived, [7; 32], "png").unwrap();
    let found = listed
        .iter()
        .find(|listed| matches!(&listed.stored, Some(Stored::Object(found)) if *found == key));
    assert_eq!(found.unwrap().size_bytes, 10);
    assert!(found.unwrap().written_ms > 0);
    // Two small ones, and one of each size.
    assert_eq!(listed.len(), 8);
}

async fn what_goes_to_the_trash_comes_back_or_goes_for_good(objects: &Objects, folder: &Path) {
    let key = ObjectKey::new(Class::Original, [30; 32], "jpg").unwrap();
    let stored = Stored::Object(key.clone());
    assert!(!objects.trash(&stored, EVER_MS).await.unwrap(), "absent");
    put(objects, &key, folder, b"photo").await;
    assert!(!objects.trash(&stored, 0).await.unwrap(), "too young");
    assert!(objects.trash(&stored, EVER_MS).await.unwrap());
    assert_eq!(objects.size_bytes(&key).await.unwrap(), None);
    let trashed = objects.trashed().await.unwrap();
    assert_eq!(trashed.len(), 1);
    assert_eq!(trashed[0].stored, stored);
    objects.restore(&trashed[0]).await.unwrap();
    assert!(objects.trashed().await.unwrap().is_empty());
    let back = objects.get_stored(&stored).await.unwrap().unwrap();
    assert_eq!(bytes_of(back).await, b"photo");
    assert!(objects.trash(&stored, EVER_MS).await.unwrap());
    let trashed = objects.trashed().await.unwrap();
    objects.purge(&trashed[0]).await.unwrap();
    assert!(objects.trashed().await.unwrap().is_empty());
    assert_eq!(objects.size_bytes(&key).await.unwrap(), None);
}

async fn a_piece_comes_back_and_goes_with_its_upload(objects: &Objects) {
    let (upload, other) = (UploadId::fresh(), UploadId::fresh());
    let first = objects.put_part(upload, "ab".into()).await.unwrap();
    let second = objects.put_part(upload, "c".into()).await.unwrap();
    let kept = objects.put_part(other, "d".into()).await.unwrap();
    let body = objects.get_part(&first).await.unwrap().unwrap();
    assert_eq!(bytes_of(body).await, b"ab");
    let pieces = objects.list().filter(|listed| {
        let is_piece = matches!(listed.as_ref().unwrap().stored, Some(Stored::Part(_)));
        std::future::ready(is_piece)
    });
    assert_eq!(pieces.count().await, 3);
    objects.remove_parts(upload).await.unwrap();
    for gone in [first, second] {
        assert!(objects.get_part(&gone).await.unwrap().is_none());
    }
    assert!(objects.get_part(&kept).await.unwrap().is_some());
    objects.remove_parts(upload).await.unwrap();
}
