//! Stores what a result folder's manifest names.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use xoay_format::{ModelManifest, SpinManifest, Text};

use crate::Error;
use crate::store::{Class, ObjectKey, Objects};

/// A manifest larger than this is not ours: 2,000 frames in 12 renditions have 2 MB.
const MANIFEST_LIMIT_BYTES: u64 = 16 * 1024 * 1024;
/// What a spin says about each of its photos.
pub(super) const REPORT: &str = "report.json";

/// Stores a spin's files and returns its manifest with object names for addresses, all of them durable.
pub(crate) async fn store_spin(objects: &Objects, folder: &Path) -> Result<SpinManifest, Error> {
    let mut manifest: SpinManifest = read(folder).await?;
    check(
        folder,
        (&manifest.kind, manifest.version),
        (SpinManifest::KIND, SpinManifest::VERSION),
    )?;
    let mut urls = Vec::new();
    let Ok(()) = manifest.try_map_urls(|url| {
        urls.push(url.to_owned());
        Ok::<_, std::convert::Infallible>(url.to_owned())
    });
    let names = store(objects, folder, urls).await?;
    manifest.try_map_urls(|url| stored(folder, &names, url))?;
    Ok(manifest)
}

/// Stores a model's files and returns its manifest with object names for addresses, all of them durable.
pub(crate) async fn store_model(objects: &Objects, folder: &Path) -> Result<ModelManifest, Error> {
    let mut manifest: ModelManifest = read(folder).await?;
    check(
        folder,
        (&manifest.kind, manifest.version),
        (ModelManifest::KIND, ModelManifest::VERSION),
    )?;
    let mut urls = Vec::new();
    let Ok(()) = manifest.try_map_urls(|url| {
        urls.push(url.to_owned());
        Ok::<_, std::convert::Infallible>(url.to_owned())
    });
    let names = store(objects, folder, urls).await?;
    manifest.try_map_urls(|url| stored(folder, &names, url))?;
    Ok(manifest)
}

/// Stores a spin's report, where it wrote one, and returns its object's name; it is durable then.
pub(crate) async fn store_report(
    objects: &Objects,
    folder: &Path,
) -> Result<Option<String>, Error> {
    if !folder.join(REPORT).is_file() {
        return Ok(None);
    }
    let mut names = store(objects, folder, vec![REPORT.to_owned()]).await?;
    Ok(names.remove(REPORT))
}

fn stored(folder: &Path, names: &BTreeMap<String, String>, url: &str) -> Result<String, Error> {
    names.get(url).cloned().ok_or_else(|| {
        refused(
            folder,
            &format!("{url:?} was not stored"),
            &format!("chưa lưu {url:?}"),
        )
    })
}

/// Stores each file once and returns its object's name by its address.
async fn store(
    objects: &Objects,
    folder: &Path,
    urls: Vec<String>,
) -> Result<BTreeMap<String, String>, Error> {
    let mut names = BTreeMap::new();
    let mut keys = Vec::new();
    for url in urls {
        if names.contains_key(&url) {
            continue;
        }
        let file = file_at(folder, &url)?;
        let extension = file
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default()
            .to_owned();
        let hashed = file.clone();
        let hash = tokio::task::spawn_blocking(move || hash_file(&hashed))
            .await
            .map_err(|e| Error::io("hashing", std::io::Error::other(e)))?
            .map_err(|e| match e.kind() {
                std::io::ErrorKind::NotFound => refused(
                    folder,
                    &format!(
                        "the manifest names {url:?}, which is not there; make the result again"
                    ),
                    &format!("bản kê ghi {url:?} nhưng không có tệp đó; hãy tạo lại kết quả"),
                ),
                _ => Error::io(format!("reading {}", file.display()), e),
            })?;
        let key = ObjectKey::new(Class::Derived, hash, &extension).ok_or_else(|| {
            refused(
                folder,
                &format!("the manifest names {url:?}, whose file type is not published"),
                &format!("bản kê ghi {url:?}, loại tệp này không được xuất bản"),
            )
        })?;
        objects.put_file(&key, &file).await?;
        names.insert(url, key.file_name());
        keys.push(key);
    }
    crate::crash::point("job-objects-stored");
    objects.make_durable(&keys).await?;
    Ok(names)
}

/// The file that a relative address names; it must lie inside the folder, links followed.
fn file_at(folder: &Path, url: &str) -> Result<PathBuf, Error> {
    let relative = Path::new(url);
    let inside = !url.is_empty()
        && !url.contains(['\\', '\0', ':'])
        && relative
            .components()
            .all(|c| matches!(c, Component::Normal(_)));
    let file = folder.join(relative);
    // A file that is absent is told as such later; one behind a link out of the folder is refused here.
    let leads_out = match (file.canonicalize(), folder.canonicalize()) {
        (Ok(file), Ok(folder)) => !file.starts_with(folder),
        _ => false,
    };
    if inside && !leads_out {
        Ok(file)
    } else {
        Err(refused(
            folder,
            &format!("the manifest names {url:?}; expected a path inside its own folder"),
            &format!("bản kê ghi {url:?}; cần một đường dẫn nằm trong chính thư mục đó"),
        ))
    }
}

pub(super) async fn read<T: DeserializeOwned>(folder: &Path) -> Result<T, Error> {
    let path = folder.join("manifest.json");
    let size_bytes = match tokio::fs::metadata(&path).await {
        Ok(metadata) => metadata.len(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(refused(
                folder,
                "it has no manifest.json; give the folder that `xoay spin` or `xoay optimize` wrote",
                "không có manifest.json; hãy đưa thư mục do `xoay spin` hoặc `xoay optimize` ghi",
            ));
        }
        Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
    };
    if size_bytes > MANIFEST_LIMIT_BYTES {
        return Err(refused(
            folder,
            &format!(
                "manifest.json has {size_bytes} bytes; at most {MANIFEST_LIMIT_BYTES} are read"
            ),
            &format!("manifest.json có {size_bytes} byte; chỉ đọc tối đa {MANIFEST_LIMIT_BYTES}"),
        ));
    }
    let bytes = tokio::fs::read(&path)
        .await
        .map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
    serde_json::from_slice(&bytes).map_err(|e| {
        refused(
            folder,
            &format!("manifest.json cannot be read: {e}"),
            &format!("không đọc được manifest.json: {e}"),
        )
    })
}

fn check(folder: &Path, found: (&str, u32), expected: (&str, u32)) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(refused(
        folder,
        &format!("manifest.json is {found:?}; expected {expected:?}"),
        &format!("manifest.json là {found:?}; cần {expected:?}"),
    ))
}

fn refused(folder: &Path, en: &str, vi: &str) -> Error {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    Error::Result {
        folder: name.to_string_lossy().into_owned(),
        reason: Text::new(vi, en),
    }
}

fn hash_file(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            n => hasher.update(&buffer[..n]),
        }
    }
}
