use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;
use xoay_format::Text;

use crate::Error;
use crate::catalogue::UploadLimits;
use crate::jobs::KindLimits;
use crate::people::OidcConfig;
use crate::people::oidc::is_safe;
use crate::sandbox::JobLimits;
use crate::store::Objects;

/// How a service runs.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// The folder that holds database, objects and scratch space.
    pub data_dir: PathBuf,
    /// The database, `postgres://…`; `xoay.db` in the data folder where it is absent.
    pub database_url: Option<String>,
    /// Where the objects lie, `file://` or `s3://`; `objects` in the data folder where it is absent.
    pub store_url: Option<String>,
    /// Where it listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address that visitors use, where it is not the one that the service sees.
    pub public_url: Option<Url>,
    /// What its operator sends as `Authorization: Bearer …`; beyond loopback it or an account is needed.
    pub token: Option<String>,
    /// Whom people may sign in with, beside a password.
    pub oidc: Option<OidcConfig>,
    /// Where it serves its figures for Prometheus; nowhere without.
    pub metrics_listen: Option<SocketAddr>,
    /// Requests a second that one client may send, objects and the viewer aside; 0 for any number.
    pub rate_limit: u32,
    /// Proxies in front that append the client's address to `X-Forwarded-For`.
    pub trusted_hops: usize,
    /// The jobs that it works on itself.
    pub work: WorkConfig,
    /// How much one product may hold.
    pub limits: UploadLimits,
    /// How long an upload in pieces is kept after the last of them.
    pub upload_lifetime: Duration,
    /// Bytes of objects kept in memory.
    pub cache_bytes: u64,
}

/// How a process works on jobs.
#[derive(Clone, Debug)]
pub struct WorkConfig {
    /// Jobs worked on at the same time; 0 leaves them to other processes.
    pub workers: usize,
    /// How many of them may be of each kind.
    pub kinds: KindLimits,
    /// How long a job stays with a worker that says nothing.
    pub lease: Duration,
    /// How long requests and jobs may take to end after the shutdown began.
    pub grace: Duration,
    /// The program that runs each job in a process of its own, called with [`crate::SANDBOXED_JOB`]; without it jobs
    /// run in this process, unguarded.
    pub sandbox: Option<PathBuf>,
    /// What each job may use there.
    pub job_limits: JobLimits,
}

impl Default for WorkConfig {
    /// One worker, in this process.
    fn default() -> Self {
        Self {
            workers: 1,
            kinds: KindLimits::default(),
            lease: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            sandbox: None,
            job_limits: JobLimits::default(),
        }
    }
}

impl ServeConfig {
    /// Serves `data_dir` on 127.0.0.1:8360 with one worker.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            store_url: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8360)),
            public_url: None,
            token: None,
            oidc: None,
            metrics_listen: None,
            rate_limit: 50,
            trusted_hops: 0,
            work: WorkConfig::default(),
            limits: UploadLimits::default(),
            upload_lifetime: Duration::from_hours(72),
            cache_bytes: 64 * 1024 * 1024,
        }
    }

    /// Checks what the types cannot say.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |vi: &str, en: &str| Error::Configuration {
            reason: Text::new(vi, en),
        };
        match &self.token {
            Some(token) if token.len() < 16 => {
                return Err(wrong(
                    "mã truy cập (--token, XOAY_TOKEN) cần ít nhất 16 ký tự",
                    "the token (--token, XOAY_TOKEN) needs at least 16 characters",
                ));
            }
            _ => {}
        }
        if let Some(url) = &self.public_url
            && (!matches!(url.scheme(), "http" | "https")
                || url.host_str().is_none()
                || !matches!(url.path(), "" | "/")
                || url.query().is_some()
                || url.fragment().is_some())
        {
            return Err(wrong(
                "--public-url cần dạng https://tên.miền, không kèm đường dẫn",
                "--public-url must look like https://host.name, without a path",
            ));
        }
        let safe = |issuer: &str| {
            let usable = |url: &Url| is_safe(url) && url.query().is_none();
            Url::parse(issuer).is_ok_and(|url| usable(&url) && url.fragment().is_none())
        };
        if self.oidc.as_ref().is_some_and(|oidc| !safe(&oidc.issuer)) {
            return Err(wrong(
                "--oidc-issuer cần dạng https://nhà.cung.cấp/…, không kèm ? hay #",
                "--oidc-issuer must look like https://provider.name/…, without ? or #",
            ));
        }
        if self.oidc.is_some() && self.public_url.is_none() && !self.listen.ip().is_loopback() {
            return Err(wrong(
                "đăng nhập một lần (--oidc-issuer) cần --public-url: nhà cung cấp chỉ trả người dùng về địa chỉ đó",
                "single sign-on (--oidc-issuer) needs --public-url: the provider sends people back to that address only",
            ));
        }
        Ok(())
    }
}

impl ServeConfig {
    /// Refuses to serve others than those at this machine while nobody could sign in.
    pub(crate) fn check_access(&self, has_users: bool) -> Result<(), Error> {
        let alone = self.listen.ip().is_loopback() && self.public_url.is_none();
        if alone || has_users || self.token.is_some() {
            return Ok(());
        }
        Err(Error::Configuration {
            reason: Text::new(
                "muốn phục vụ ngoài máy này thì phải có người đăng nhập được: tạo quản trị viên bằng \
                 `xoay user add --administrator`, hoặc đặt --token (XOAY_TOKEN); nếu không, hãy dùng 127.0.0.1 \
                 và bỏ --public-url",
                "serving beyond this machine needs somebody who can sign in: make an administrator with \
                 `xoay user add --administrator`, or give --token (XOAY_TOKEN); else listen on 127.0.0.1 \
                 without --public-url",
            ),
        })
    }
}

/// Opens the store at `store_url`, or the folder's own.
pub(crate) fn open_objects(data_dir: &Path, store_url: Option<&str>) -> Result<Objects, Error> {
    if let Some(url) = store_url {
        return Objects::open(url);
    }
    let folder = made(data_dir)?;
    let url = Url::from_directory_path(&folder).map_err(|()| Error::StoreUnusable {
        url: folder.display().to_string(),
        reason: "the folder's path has no address".into(),
    })?;
    Objects::open(url.as_str())
}

/// The database's file, its folder made.
pub(crate) fn database_file(data_dir: &Path) -> Result<PathBuf, Error> {
    Ok(made(data_dir)?.join("xoay.db"))
}

fn made(folder: &Path) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(folder)
        .and_then(|()| folder.canonicalize())
        .map_err(|e| Error::io(format!("creating the folder {}", folder.display()), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_served_only_where_somebody_can_sign_in() {
        let mut config = ServeConfig::new("data");
        config.check().unwrap();
        config.check_access(false).unwrap();
        config.public_url = Some("https://xoay.example".parse().unwrap());
        assert!(
            config.check_access(false).is_err(),
            "a proxy is on loopback too"
        );
        config.public_url = None;
        config.listen = SocketAddr::from(([0, 0, 0, 0], 8360));
        assert!(config.check_access(false).is_err());
        config.check_access(true).unwrap();
        config.token = Some("short".into());
        assert!(config.check().is_err());
        config.token = Some("0123456789abcdef".into());
        config.check().unwrap();
        config.check_access(false).unwrap();
    }

    #[test]
    fn a_public_address_is_an_origin() {
        let mut config = ServeConfig::new("data");
        for (url, ok) in [
            ("https://xoay.example", true),
            ("http://xoay.example:8080/", true),
            ("https://xoay.example/shop", false),
            ("ftp://xoay.example", false),
            ("https://xoay.example/?a", false),
        ] {
            config.public_url = Some(url.parse().unwrap());
            assert_eq!(config.check().is_ok(), ok, "{url}");
        }
    }
}
