use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::fixtures::tool;
use crate::service::free_port;

/// A running S3 server (moto) on a loopback port of its own, ended by process id when dropped.
#[derive(Debug)]
pub struct S3Server {
    child: Child,
    /// Its address, without a slash at the end.
    pub url: String,
}

impl S3Server {
    /// Starts it and makes a bucket.
    ///
    /// # Panics
    /// Where it does not answer within half a minute.
    #[must_use]
    pub fn start(bucket: &str) -> Self {
        let port = free_port();
        let child = Command::new(tool("s3/bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto can be started");
        let server = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        let client = reqwest::blocking::Client::new();
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            let made = client.put(format!("{}/{bucket}", server.url)).send();
            if made.is_ok_and(|answer| answer.status().is_success()) {
                return server;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("the S3 server does not answer");
    }

    /// Tells `command` where the server is, as AWS's own tools are told.
    pub fn describe_to(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1");
    }

    /// How many objects `bucket` holds.
    ///
    /// # Panics
    /// Where the server does not answer.
    #[must_use]
    pub fn object_count(&self, bucket: &str) -> usize {
        let listed = reqwest::blocking::get(format!("{}/{bucket}?list-type=2", self.url))
            .and_then(reqwest::blocking::Response::text)
            .expect("the bucket can be listed");
        listed.matches("<Key>").count()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
