use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::service::free_port;

/// An address has to escape it.
const PASSWORD: &str = "only for this test";
/// Debian's user and group without any rights: root may not run PostgreSQL.
const NOBODY: u32 = 65_534;

/// A PostgreSQL server of a test's own with an empty database, on a loopback port; ended by its process id when dropped.
#[derive(Debug)]
pub struct PostgresServer {
    child: Option<Child>,
    port: u16,
    folder: TempDir,
    /// Databases beside the first.
    others: AtomicUsize,
    /// The first database's address.
    pub url: String,
}

impl PostgresServer {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// Where PostgreSQL is not installed or does not answer within a minute.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).expect("the password can be written");
        if is_root() {
            for path in [folder.path(), &password] {
                chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give files away");
            }
        }
        let made = own(&program("initdb"))
            .args(["--auth=scram-sha-256", "--username=xoay", "--encoding=UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync", "--pwfile"])
            .arg(&password)
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .output()
            .expect("initdb can be started");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = free_port();
        let mut server = Self {
            child: None,
            port,
            folder,
            others: AtomicUsize::new(0),
            url: String::new(),
        };
        server.start_again();
        server.url = server.made("xoay");
        server
    }

    /// The address of one more empty database.
    ///
    /// # Panics
    /// Where the server does not make it.
    #[must_use]
    pub fn database(&self) -> String {
        self.made(&format!(
            "other_{}",
            self.others.fetch_add(1, Ordering::Relaxed)
        ))
    }

    fn made(&self, database: &str) -> String {
        let made = self.client("createdb").arg(database).status();
        assert!(made.is_ok_and(|status| status.success()), "createdb works");
        let password = PASSWORD.replace(' ', "%20");
        format!(
            "postgres://xoay:{password}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Gone already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it over what it had, and waits until it answers.
    ///
    /// # Panics
    /// Where it does not answer within a minute.
    pub fn start_again(&mut self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while Instant::now() < deadline {
            // What a killed server left running holds its memory for a moment: until then a new one ends at once.
            let ended = self
                .child
                .as_mut()
                .is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            if ended {
                self.child = Some(self.launch());
            }
            let ready = self.client("pg_isready").arg("-q").status();
            if ready.is_ok_and(|status| status.success()) {
                return;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("PostgreSQL does not answer on port {}", self.port);
    }

    fn launch(&self) -> Child {
        own(&program("postgres"))
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            // A killed process loses nothing that the system has: no test cuts the power.
            .args(["-c", "fsync=off", "-c", "max_connections=200"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres can be started")
    }

    /// One of PostgreSQL's client programs, told where the server is.
    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        command
            .args(["-h", "127.0.0.1", "-U", "xoay", "-p"])
            .arg(self.port.to_string())
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::null());
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // SIGQUIT ends the server and all of its processes at once; gone already is as good.
            let _ = Command::new("kill")
                .args(["-QUIT", &child.id().to_string()])
                .status();
            let _ = child.wait();
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// `program`, as nobody where we are root, and ended with this process.
fn own(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "INT"]).arg(program);
    command.current_dir("/");
    command
}

/// Where Debian puts the programs of the newest version that is installed.
fn program(name: &str) -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin").join(name)))
        })
        .collect();
    versions.sort();
    versions
        .pop()
        .expect("PostgreSQL is installed (`cargo xtask test` does that; Debian: postgresql)")
        .1
}
