//! The service under load, beside nginx in the same run: objects, pages over many products, uploads, memory.

mod load;
mod search;
mod server;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;
use xoay_tests::{Finished, PoorNetwork, repository};

use self::load::{Load, paced, saturate};
use self::server::{Nginx, Usage, Xoay};

const OBJECT_BYTES: usize = 100_000;
const CONNECTIONS: usize = 32;
const FOR: Duration = Duration::from_secs(8);
const COLD_OBJECTS: usize = 1500;
const PRODUCTS: usize = 15_000;
const PACE: u32 = 500;

/// Measures every part and prints a table.
pub fn run() -> Result<()> {
    let place = tempfile::tempdir()?;
    let runtime = Runtime::new()?;
    let data = place.path().join("data");
    let objects: Vec<String> = (0..=COLD_OBJECTS)
        .map(|number| object(&data, number))
        .collect::<Result<_>>()?;
    println!("| what | ours | nginx | ratio | goal |\n|---|---|---|---|---|");
    deliver(&runtime, &data, place.path(), &objects)?;
    pages(&runtime, &data)?;
    search::measure(&runtime, place.path())?;
    uploads(place.path())?;
    memory(&runtime, place.path(), &objects)
}

/// Puts an object where the store has it, and gives its name. Its hash is not its own: nobody looks while serving.
fn object(data: &Path, number: usize) -> Result<String> {
    let hash = format!("{number:064x}");
    let (head, tail) = hash.split_at(2);
    let folder = data.join("objects").join(head);
    fs::create_dir_all(&folder)?;
    let bytes: Vec<u8> = (0..OBJECT_BYTES)
        .map(|at| (at.wrapping_mul(number + 7) >> 3) as u8)
        .collect();
    fs::write(folder.join(format!("{tail}.webp")), bytes)?;
    Ok(format!("{hash}.webp"))
}

fn deliver(runtime: &Runtime, data: &Path, place: &Path, objects: &[String]) -> Result<()> {
    let xoay = Xoay::start(data, &[])?;
    let nginx = Nginx::start(place, &data.join("objects"))?;
    let ours = |name: &String| format!("/objects/{name}");
    let theirs = |name: &String| {
        let (head, tail) = name.split_at(2);
        format!("/{head}/{tail}")
    };
    let hot = &objects[..1];
    let measure = |usage: &dyn Fn() -> Result<Usage>,
                   address,
                   paths: Vec<String>,
                   load: Load|
     -> Result<(f64, f64)> {
        let before = usage()?;
        let answered = runtime.block_on(saturate(address, paths, CONNECTIONS, load))?;
        let cpu_s = usage()?.cpu_s - before.cpu_s;
        ensure!(answered.failed == 0, "{} requests failed", answered.failed);
        Ok((
            cpu_s / answered.count as f64 * 1e6,
            answered.count as f64 / answered.wall_s,
        ))
    };
    for (what, names, load, goal) in [
        ("hot 100 KB object", hot, Load::For(FOR), 1.3),
        (
            "cold 100 KB object, each once",
            &objects[1..],
            Load::Once,
            4.0,
        ),
    ] {
        let own = names.iter().map(ours).collect();
        let (own_us, own_rate) = measure(&|| xoay.usage(), xoay.address, own, load)?;
        let peer = names.iter().map(theirs).collect();
        let (peer_us, peer_rate) = measure(&|| nginx.usage(), nginx.address, peer, load)?;
        println!(
            "| {what}: CPU a request | {own_us:.0} µs | {peer_us:.0} µs | {:.2} | ≤ {goal} |",
            own_us / peer_us
        );
        println!(
            "| {what}: requests a second | {own_rate:.0} | {peer_rate:.0} | {:.2} | {} |",
            own_rate / peer_rate,
            if load == Load::Once { "–" } else { "≥ 0.8" }
        );
    }
    Ok(())
}

/// Manifest and page of a product among many.
fn pages(runtime: &Runtime, data: &Path) -> Result<()> {
    // The tables are made at a start.
    drop(Xoay::start(data, &[])?);
    let script = include_str!("serve/catalogue.py");
    let _ = Finished::of(
        std::process::Command::new("python3")
            .args(["-c", script])
            .arg(data.join("xoay.db"))
            .arg(PRODUCTS.to_string()),
    )
    .succeeded();
    let xoay = Xoay::start(data, &[])?;
    for (what, path) in [("manifest", "/manifest.json"), ("product page", "")] {
        let paths = (0..PRODUCTS)
            .step_by(7)
            .map(|n| format!("/products/product-{n}{path}"))
            .collect();
        let answered = runtime.block_on(paced(xoay.address, paths, PACE, FOR))?;
        ensure!(answered.failed == 0, "{} requests failed", answered.failed);
        println!(
            "| {what} at {PRODUCTS} products, {PACE}/s: p50, p99 | {:.1} ms, {:.1} ms | – | – | p99 ≤ 20 ms |",
            answered.quantile_ms(0.5),
            answered.quantile_ms(0.99)
        );
    }
    Ok(())
}

/// The reference client over a network that is cut.
fn uploads(place: &Path) -> Result<()> {
    let data = place.join("uploads");
    let xoay = Xoay::start(&data, &[])?;
    let product = xoay.product()?;
    let file = place.join("1.jpg");
    let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
    bytes.resize(100_000_000, 7);
    fs::write(&file, &bytes)?;
    let network = PoorNetwork::before(&format!("http://{}", xoay.address), 5_000_000);
    let _ = Finished::of(
        std::process::Command::new("node")
            .arg(repository().join("target/tools/node/tus.mjs"))
            .arg(format!("{}/api/products/{product}/uploads", network.url))
            .arg(&file),
    )
    .succeeded();
    println!(
        "| tus-js-client, cut every 5 MB ({} cuts): bytes sent | {:.4}× | – | – | ≤ 1.05× |",
        network.cuts(),
        network.sent_bytes() as f64 / bytes.len() as f64
    );
    Ok(())
}

/// Memory while photos come in and readers read.
fn memory(runtime: &Runtime, place: &Path, objects: &[String]) -> Result<()> {
    const UPLOADS: usize = 8;
    const READERS: usize = 200;
    let data = place.join("data");
    let xoay = Xoay::start(&data, &[])?;
    let product = xoay.product()?;
    let folder = place.join("photos");
    fs::create_dir_all(&folder)?;
    for number in 0..UPLOADS * 3 {
        let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
        bytes.resize(25_000_000, number as u8);
        fs::write(folder.join(format!("{number}.jpg")), bytes)?;
    }
    let mut client = server::program()?;
    client
        .arg("upload")
        .arg(&folder)
        .args([
            "--to",
            &format!("http://{}", xoay.address),
            "--product",
            &product,
        ])
        .args(["--parallel", &UPLOADS.to_string(), "--quiet"]);
    let mut client = client.spawn().context("cannot start xoay upload")?;
    let paths: Vec<String> = objects
        .iter()
        .map(|name| format!("/objects/{name}"))
        .collect();
    while client.try_wait()?.is_none() {
        let load = Load::For(Duration::from_secs(1));
        runtime.block_on(saturate(xoay.address, paths.clone(), READERS, load))?;
    }
    ensure!(client.wait()?.success(), "the uploads failed");
    println!(
        "| peak memory, {UPLOADS} uploads of 25 MB and {READERS} readers | {:.0} MB | – | – | ≤ 300 MB |",
        xoay.usage()?.peak_bytes as f64 / 1e6
    );
    Ok(())
}
