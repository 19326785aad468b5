use std::path::Path;

use super::{Published, publish};
use crate::Error;
use crate::catalogue::NewProduct;
use crate::fixtures::spin_folder;
use xoay_format::Text;

fn honey() -> NewProduct {
    NewProduct {
        name: Text::new("Mật ong", "Honey"),
        ..NewProduct::default()
    }
}

async fn publish_spin(data: &Path, spin: &Path) -> anyhow::Result<Published> {
    publish(data, None, None, honey(), Some(spin), None).await
}

fn refusal(result: anyhow::Result<Published>) -> String {
    let error = result.unwrap_err().downcast::<Error>().unwrap();
    assert!(matches!(error, Error::Result { .. }), "{error}");
    error.to_string()
}

#[tokio::test]
async fn the_same_folder_again_makes_no_new_version() {
    let folder = tempfile::tempdir().unwrap();
    let (data, spin) = (folder.path().join("data"), folder.path().join("spin"));
    spin_folder(&spin, 1);
    let first = publish_spin(&data, &spin).await.unwrap();
    assert_eq!((first.slug.as_str(), first.version), ("mat-ong", 1));
    assert_eq!(publish_spin(&data, &spin).await.unwrap(), first);
    spin_folder(&spin, 2);
    let second = publish_spin(&data, &spin).await.unwrap();
    assert_eq!((second.product, second.version), (first.product, 2));
}

#[tokio::test]
async fn a_manifest_cannot_reach_out_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (data, spin) = (folder.path().join("data"), folder.path().join("spin"));
    std::fs::write(folder.path().join("secret.webp"), b"secret").unwrap();
    std::os::unix::fs::symlink("../secret.webp", {
        std::fs::create_dir_all(&spin).unwrap();
        spin.join("link.webp")
    })
    .unwrap();
    for url in [
        "../secret.webp",
        "/etc/hostname",
        "frames/../../secret.webp",
        "link.webp",
        "http://evil.example/a.webp",
        "frames\\\\1.webp",
        "",
    ] {
        spin_folder(&spin, 1);
        let manifest = std::fs::read_to_string(spin.join("manifest.json")).unwrap();
        let manifest = manifest.replacen("frames/1.webp", url, 1);
        std::fs::write(spin.join("manifest.json"), manifest).unwrap();
        let text = refusal(publish_spin(&data, &spin).await);
        assert!(text.contains("expected a path inside"), "{url}: {text}");
    }
}

#[tokio::test]
async fn what_is_missing_or_unreadable_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (data, spin) = (folder.path().join("data"), folder.path().join("spin"));
    assert!(refusal(publish_spin(&data, &spin).await).contains("no manifest.json"));
    spin_folder(&spin, 1);
    let manifest = std::fs::read(spin.join("manifest.json")).unwrap();
    std::fs::remove_file(spin.join("frames/2.webp")).unwrap();
    assert!(refusal(publish_spin(&data, &spin).await).contains("frames/2.webp"));
    for length in (0..manifest.len()).step_by(37) {
        std::fs::write(spin.join("manifest.json"), &manifest[..length]).unwrap();
        refusal(publish_spin(&data, &spin).await);
    }
    let newer = String::from_utf8(manifest)
        .unwrap()
        .replacen("\"version\":1", "\"version\":9", 1);
    std::fs::write(spin.join("manifest.json"), newer).unwrap();
    assert!(refusal(publish_spin(&data, &spin).await).contains('9'));
}

#[tokio::test]
async fn nothing_to_publish_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let error = publish(folder.path(), None, None, honey(), None, None).await;
    let error = error.unwrap_err().downcast::<Error>().unwrap();
    assert!(matches!(error, Error::NothingToPublish));
}
