use std::ffi::OsString;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ObjectStore, ObjectStoreExt};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::fixtures::tool;
use crate::service::free_port;

/// Names Garage's program: tests then have it for their S3 server, else moto.
const GARAGE_VARIABLE: &str = "XOAY_TEST_GARAGE";

const REGION: &str = "us-east-1";
/// Of the form that Garage asks for.
const KEY_ID: &str = "GK000000000000000000000001";
const SECRET: &str = "0000000000000000000000000000000000000000000000000000000000000001";

/// A running S3 server on a loopback port of its own, ended by process id when dropped: moto, or Garage where
/// `XOAY_TEST_GARAGE` names its program.
#[derive(Debug)]
pub struct S3Server {
    child: Child,
    /// Its address, without a slash at the end.
    pub url: String,
    runtime: Runtime,
    // What it keeps, if not in memory.
    _folder: TempDir,
}

impl S3Server {
    /// Starts it and makes a bucket.
    ///
    /// # Panics
    /// Where it does not answer within half a minute.
    #[must_use]
    pub fn start(bucket: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let port = free_port();
        let mut command = match std::env::var_os(GARAGE_VARIABLE) {
            Some(program) => garage(program, &folder, port, bucket),
            None => moto(port),
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the S3 server can be started");
        let server = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            runtime: Runtime::new().expect("a runtime can be made"),
            _folder: folder,
        };
        let client = reqwest::blocking::Client::new();
        let store = server.bucket(bucket);
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            // Garage makes the bucket itself, and refuses who does not sign.
            let asked = client.put(format!("{}/{bucket}", server.url)).send();
            let there = async { store.list(None).next().await.transpose() };
            if asked.is_ok() && server.runtime.block_on(there).is_ok() {
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
            .env("AWS_ACCESS_KEY_ID", KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_REGION", REGION);
    }

    /// How many objects `bucket` holds.
    ///
    /// # Panics
    /// Where the server does not answer.
    #[must_use]
    pub fn object_count(&self, bucket: &str) -> usize {
        let store = self.bucket(bucket);
        let listed = self
            .runtime
            .block_on(store.list(None).try_collect::<Vec<_>>());
        listed.expect("the bucket can be listed").len()
    }

    /// The bytes of an object in `bucket`.
    ///
    /// # Panics
    /// Where the server does not give them.
    #[must_use]
    pub fn object(&self, bucket: &str, name: &str) -> Vec<u8> {
        let store = self.bucket(bucket);
        let bytes = async { store.get(&name.into()).await?.bytes().await };
        let bytes = self.runtime.block_on(bytes);
        bytes.expect("the object can be read").into()
    }

    /// The store that `bucket` is.
    ///
    /// # Panics
    /// Never: it is described whole.
    #[must_use]
    pub fn bucket(&self, bucket: &str) -> AmazonS3 {
        AmazonS3Builder::new()
            .with_endpoint(&self.url)
            .with_allow_http(true)
            .with_bucket_name(bucket)
            .with_region(REGION)
            .with_access_key_id(KEY_ID)
            .with_secret_access_key(SECRET)
            .build()
            .expect("the bucket is described whole")
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn moto(port: u16) -> Command {
    let mut command = Command::new(tool("s3/bin/moto_server"));
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    command
}

/// One node that makes key and bucket itself.
fn garage(program: OsString, folder: &TempDir, port: u16, bucket: &str) -> Command {
    let (config, place) = (folder.path().join("garage.toml"), folder.path().display());
    let rpc = free_port();
    let text = format!(
        "metadata_dir = '{place}/meta'\ndata_dir = '{place}/data'\ndb_engine = 'sqlite'\nreplication_factor = 1\n\
         rpc_bind_addr = '127.0.0.1:{rpc}'\nrpc_public_addr = '127.0.0.1:{rpc}'\nrpc_secret = '{SECRET}'\n\
         [s3_api]\ns3_region = '{REGION}'\napi_bind_addr = '127.0.0.1:{port}'\n"
    );
    fs::write(&config, text).expect("Garage's settings can be written");
    let mut command = Command::new(program);
    command
        .arg("-c")
        .arg(&config)
        .args(["server", "--single-node", "--default-bucket"])
        .env("GARAGE_DEFAULT_ACCESS_KEY", KEY_ID)
        .env("GARAGE_DEFAULT_SECRET_KEY", SECRET)
        .env("GARAGE_DEFAULT_BUCKET", bucket);
    command
}
