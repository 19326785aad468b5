use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use url::{Host, Url};
use xoay_format::Text;

use super::Objects;
use crate::Error;

/// How long a request of a client waits for a store that is away: without a word of ours three minutes. Clients and jobs ask
/// again by themselves.
const PATIENCE: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(4),
        base: 2.0,
    },
    max_retries: 6,
    retry_timeout: Duration::from_secs(15),
};

pub(super) fn open(address: &str) -> Result<Objects, Error> {
    let url = Url::parse(address).map_err(|_| unknown(address))?;
    match url.scheme() {
        "file" => {
            let folder = url.to_file_path().map_err(|()| unknown(address))?;
            open_local(&folder)
        }
        "s3" => open_s3(&url),
        _ => Err(unknown(address)),
    }
}

fn open_local(folder: &Path) -> Result<Objects, Error> {
    let unusable = |reason: String| Error::StoreUnusable {
        url: folder.display().to_string(),
        reason,
    };
    std::fs::create_dir_all(folder).map_err(|e| {
        if crate::error::is_no_space(&e) {
            Error::NoSpace
        } else {
            unusable(format!("creating the folder: {e}"))
        }
    })?;
    // The address of a folder behind a link would not prefix the paths that the store reports.
    let folder = folder.canonicalize().map_err(|e| unusable(e.to_string()))?;
    let open = || LocalFileSystem::new_with_prefix(&folder).map_err(|e| unusable(e.to_string()));
    Ok(Objects {
        durable: Arc::new(open()?.with_fsync(true)),
        quick: Arc::new(open()?),
        local_root: Some(folder.clone()),
    })
}

fn open_s3(url: &Url) -> Result<Objects, Error> {
    let unusable = |reason: String| Error::StoreUnusable {
        url: url.to_string(),
        reason,
    };
    let bucket = url
        .host_str()
        .ok_or_else(|| unusable("the address names no bucket; write s3://bucket/prefix".into()))?;
    let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|endpoint| !endpoint.is_empty());
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(PATIENCE);
    if let Some(endpoint) = endpoint {
        builder = builder
            .with_allow_http(is_loopback(&endpoint))
            .with_endpoint(endpoint);
    }
    let store = builder.build().map_err(|e| unusable(e.to_string()))?;
    let prefix = url.path().trim_matches('/');
    let store: Arc<dyn ObjectStore> = if prefix.is_empty() {
        Arc::new(store)
    } else {
        let prefix = object_store::path::Path::parse(prefix)
            .map_err(|e| unusable(format!("its prefix: {e}")))?;
        Arc::new(PrefixStore::new(store, prefix))
    };
    Ok(Objects {
        durable: store.clone(),
        quick: store,
        local_root: None,
    })
}

/// Whether the address is this machine's own, where credentials may travel without TLS.
fn is_loopback(address: &str) -> bool {
    match Url::parse(address).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn unknown(address: &str) -> Error {
    Error::Configuration {
        reason: Text::new(
            format!(
                "kho tệp {address:?}: cần địa chỉ dạng file:///thư/mục hoặc s3://bucket/prefix"
            ),
            format!(
                "the store {address:?}: expected an address like file:///folder or s3://bucket/prefix"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_addresses_are_refused() {
        for address in [
            "",
            "objects",
            "ftp://host/x",
            "http://host/x",
            "file://host/x",
        ] {
            let error = open(address).unwrap_err();
            assert!(
                matches!(error, Error::Configuration { .. }),
                "{address}: {error}"
            );
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for address in [
            "http://127.0.0.1:9000",
            "http://localhost:3900",
            "http://[::1]:1",
        ] {
            assert!(is_loopback(address), "{address}");
        }
        for address in [
            "http://10.0.0.1",
            "http://localhost.example",
            "nonsense",
            "",
        ] {
            assert!(!is_loopback(address), "{address}");
        }
    }
}
