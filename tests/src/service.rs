use std::fs::File;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::xoay;

/// A running `xoay serve` on a loopback port of its own, ended by process id when dropped.
#[derive(Debug)]
pub struct Service {
    child: Child,
    /// Its address, without a slash at the end.
    pub url: String,
    log: PathBuf,
}

impl Service {
    /// Starts a service over `data` with further `arguments` and waits until it is ready.
    ///
    /// # Panics
    /// Where it is not ready within half a minute, showing its log.
    #[must_use]
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::start_with(data, arguments, |_| ())
    }

    /// As [`Service::start`], with a last word about the command, such as its environment.
    ///
    /// # Panics
    /// Where it is not ready within half a minute, showing its log.
    #[must_use]
    pub fn start_with(data: &Path, arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        let port = free_port();
        let log = data.with_extension("log");
        let output = File::create(&log).expect("a log can be made beside the data folder");
        let mut command = xoay();
        command
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(arguments)
            .stdout(output.try_clone().expect("a file handle can be copied"))
            .stderr(output);
        prepare(&mut command);
        let child = command.spawn().expect("the service can be started");
        let mut service = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            log,
        };
        service.wait_until_ready();
        service
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the service ended with {status}:\n{}", self.log());
            }
            let ready = reqwest::blocking::get(format!("{}/readyz", self.url));
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the service is not ready after 30 s:\n{}", self.log());
    }

    /// What it has written so far.
    #[must_use]
    pub fn log(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = File::open(&self.log) {
            // A log that is no UTF-8 would be a fault of the service; what was read so far is shown.
            let _ = file.read_to_string(&mut text);
        }
        text
    }

    /// The id of its process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop and waits for its end.
    ///
    /// # Panics
    /// Where it does not end within 20 s.
    pub fn terminate(&mut self) -> ExitStatus {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(asked.is_ok_and(|status| status.success()), "kill works");
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("its status can be asked") {
                return status;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("the service does not stop:\n{}", self.log());
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A loopback port that was free a moment ago.
///
/// # Panics
/// Where the machine has none.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}
