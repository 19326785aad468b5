//! The two servers, and what they use.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Kernel ticks in a second, as `/proc` counts them on every Linux of today.
const TICKS: f64 = 100.0;

/// What a server has used since its start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Processor time.
    pub cpu_s: f64,
    /// The largest resident set of one process.
    pub peak_bytes: u64,
}

/// The program that was built with this one, without settings of this machine's.
pub fn program() -> Result<Command> {
    let name = format!("xoay{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(std::env::current_exe()?.with_file_name(name));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("XOAY_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// A running `xoay serve` without workers.
pub struct Xoay {
    child: Child,
    pub address: SocketAddr,
}

impl Xoay {
    pub fn start(data: &Path, more: &[&str]) -> Result<Self> {
        let address = free_address()?;
        let mut command = program()?;
        command
            .args([
                "serve",
                "--workers",
                "0",
                "--rate-limit",
                "0",
                "--listen",
                &address.to_string(),
            ])
            .arg("--data")
            .arg(data)
            .args(more)
            // A line of log for each request is no part of nginx's work here either.
            .env("XOAY_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().context("cannot start xoay serve")?;
        wait_for(address)?;
        Ok(Self { child, address })
    }

    pub fn usage(&self) -> Result<Usage> {
        usage(&[self.child.id()])
    }

    /// The id of a new product.
    pub fn product(&self) -> Result<String> {
        let made = Command::new("curl")
            .args(["--silent", "--fail", "--json", r#"{"name":{"vi":"Trà"}}"#])
            .arg(format!("http://{}/api/products", self.address))
            .output()?;
        let made: serde_json::Value = serde_json::from_slice(&made.stdout)?;
        Ok(made["id"]
            .as_str()
            .context("a product without an id")?
            .to_owned())
    }
}

impl Drop for Xoay {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running nginx with one worker, as Debian configures it for static files.
pub struct Nginx {
    child: Child,
    pub address: SocketAddr,
}

impl Nginx {
    pub fn start(place: &Path, root: &Path) -> Result<Self> {
        let address = free_address()?;
        let place = place.join("nginx");
        fs::create_dir_all(&place)?;
        let configuration = place.join("nginx.conf");
        fs::write(
            &configuration,
            format!(
                "daemon off; worker_processes auto; user root; pid {place}/pid; error_log stderr crit;
                 events {{ worker_connections 1024; }}
                 http {{
                     access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
                     open_file_cache max=4096; types {{ image/webp webp; }}
                     client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
                     fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
                     server {{
                         listen {address}; root {root}; etag on;
                         add_header Cache-Control \"public, max-age=31536000, immutable\";
                     }}
                 }}",
                place = place.display(),
                root = root.display()
            ),
        )?;
        let child = Command::new("nginx")
            .arg("-c")
            .arg(&configuration)
            .stdout(Stdio::null())
            .spawn()
            .context("nginx is missing: `cargo xtask bench serve` installs it with apt")?;
        wait_for(address)?;
        Ok(Self { child, address })
    }

    pub fn usage(&self) -> Result<Usage> {
        let children = Command::new("ps")
            .args(["-o", "pid=", "--ppid", &self.child.id().to_string()])
            .output()?;
        let mut processes = vec![self.child.id()];
        processes.extend(
            String::from_utf8_lossy(&children.stdout)
                .split_whitespace()
                .filter_map(|id| id.parse::<u32>().ok()),
        );
        usage(&processes)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked, so that it takes its workers along.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}

fn usage(processes: &[u32]) -> Result<Usage> {
    let mut sum = Usage::default();
    for id in processes {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name may hold spaces: what is counted stands behind its bracket.
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        for field in [11, 12] {
            let ticks: f64 = fields.get(field).context("a short /proc/stat")?.parse()?;
            sum.cpu_s += ticks / TICKS;
        }
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|value| {
                value
                    .trim()
                    .trim_end_matches("kB")
                    .trim()
                    .parse::<u64>()
                    .ok()
            })
            .unwrap_or(0);
        sum.peak_bytes = sum.peak_bytes.max(peak * 1024);
    }
    Ok(sum)
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn wait_for(address: SocketAddr) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        if std::net::TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    bail!("nothing listens on {address} after 30 s")
}
