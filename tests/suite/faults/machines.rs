//! Many machines: services and workers over one PostgreSQL and one S3 server, each of which fails.

use std::fs;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tempfile::TempDir;
use xoay_tests::{Mood, PostgresServer, S3Server, Service, UnsteadyServer, Worker, capture_cut};

use super::oracle::{Dice, Oracle, photo, verify};
use crate::service::walk;

const PATIENCE: Duration = Duration::from_mins(8);

/// What the machines share. Each of them has a data folder of its own for scratch space.
struct House {
    root: TempDir,
    database: PostgresServer,
    s3: S3Server,
    store: UnsteadyServer,
}

impl House {
    fn build(seed: u64) -> Self {
        let s3 = S3Server::start("products");
        let store = UnsteadyServer::before(&s3.url, seed);
        Self {
            root: tempfile::tempdir().unwrap(),
            database: PostgresServer::start(),
            s3,
            store,
        }
    }

    fn describe_to(&self, command: &mut Command) {
        self.s3.describe_to(command);
        command
            .env("AWS_ENDPOINT_URL", &self.store.url)
            .env("XOAY_DATABASE", &self.database.url)
            .env("XOAY_STORE", "s3://products/xoay");
    }

    fn service(&self, name: &str) -> Service {
        let data = self.root.path().join(name);
        Service::start_with(&data, &["--workers", "0"], |command| {
            self.describe_to(command);
        })
    }

    fn worker(&self, name: &str) -> Worker {
        Worker::start(&self.root.path().join(name), |command| {
            self.describe_to(command);
        })
    }

    /// Every acknowledged photo lies in the bucket, byte for byte, and all that the database names is sound.
    fn check(&self, oracle: &Oracle, service: &Service, product: &str) {
        oracle.each(service, product, |original, name, bytes| {
            let kept = self.s3.object("products", &format!("xoay/{original}"));
            assert!(kept == *bytes, "{name} is another");
        });
        verify(&self.root.path().join("auditor"), |command| {
            self.describe_to(command);
        });
    }
}

/// What the service says of its readiness.
fn readiness(oracle: &Oracle, service: &Service) -> (StatusCode, String) {
    let url = format!("{}/readyz", service.url);
    let answer = oracle.http.get(url).send().unwrap();
    (answer.status(), answer.text().unwrap())
}

/// Waits until the service says that it is unready because of `missing`, or ready where that is empty.
fn wait_until_it_says(oracle: &Oracle, service: &Service, missing: &str) {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let (status, text) = readiness(oracle, service);
        let right = if missing.is_empty() {
            status == StatusCode::OK
        } else {
            status == StatusCode::SERVICE_UNAVAILABLE && text.contains(missing)
        };
        if right {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{status} {text:?} instead of {missing:?}\n{}",
            service.log()
        );
        sleep(Duration::from_millis(200));
    }
}

fn jobs_done(worker: &Worker) -> usize {
    worker.log().matches("job done").count()
}

#[test]
fn two_services_and_two_workers_do_the_demo_job_between_them() {
    let house = House::build(1);
    let photos = house.root.path().join("photos");
    capture_cut(&photos, 9);
    let (first, second) = (house.service("first"), house.service("second"));
    let workers = [house.worker("third"), house.worker("fourth")];
    // More jobs than one worker gets to before the other asks.
    let mut oracle = Oracle::new();
    let mut started = Vec::new();
    for _ in 0..4 {
        let product = oracle.product(&first);
        oracle.put_all(&first, &product, &photos);
        started.push((oracle.start(&second, &product), product));
    }
    walk(&first, &second, &photos);
    for (job, product) in &started {
        let state = oracle.wait_for(&first, job, PATIENCE);
        assert_eq!(state["state"], "done", "{state}");
        assert_eq!(state["attempts"], 1, "{state}");
        house.check(&oracle, &second, product);
    }
    let shares = workers.each_ref().map(jobs_done);
    assert!(
        shares.iter().all(|share| *share > 0) && shares.iter().sum::<usize>() == 6,
        "jobs of each worker: {shares:?}"
    );
    for worker in workers {
        worker.stop();
    }
    for mut service in [first, second] {
        assert!(service.terminate().success(), "{}", service.log());
    }
    println!("6 jobs, {shares:?} of each worker, one page and its objects from the other service");
}

#[test]
fn a_database_killed_in_the_middle_of_a_job_costs_nothing_acknowledged() {
    const ROUNDS: u64 = 2;
    let mut house = House::build(2);
    let photos = house.root.path().join("photos");
    capture_cut(&photos, 9);
    let (first, second) = (house.service("first"), house.service("second"));
    let workers = [house.worker("third"), house.worker("fourth")];
    let mut dice = Dice(0x7067_6b69_6c6c);
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let mut oracle = Oracle::new();
        let product = oracle.product(&first);
        oracle.put_all(&first, &product, &photos);
        let job = oracle.start(&second, &product);
        oracle.wait_until_running(&first, &job);
        sleep(Duration::from_millis(dice.roll(1500)));
        house.database.kill();
        for service in [&first, &second] {
            wait_until_it_says(&oracle, service, "database");
        }
        let bytes = photo(round, 300_000);
        let url = format!("{}/api/products/{product}/photos/late.jpg", second.url);
        let refused = oracle.http.put(url).body(bytes.clone()).send().unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key("retry-after"));
        assert!(refused.text().unwrap().contains("unavailable"));
        house.database.start_again();
        for service in [&first, &second] {
            wait_until_it_says(&oracle, service, "");
        }
        let state = oracle.wait_for(&second, &job, PATIENCE);
        assert_eq!(state["state"], "done", "{state}");
        oracle
            .tus(&second, &product, "late.jpg", &bytes, 100_000)
            .expect("it is taken now");
        house.check(&oracle, &first, &product);
        acknowledged += oracle.photos.len();
    }
    for worker in workers {
        worker.stop();
    }
    println!("{ROUNDS} kills of the database, {acknowledged} photos acknowledged and found");
}

#[test]
fn a_store_that_goes_away_in_the_middle_of_a_job_costs_nothing_acknowledged() {
    let mut house = House::build(3);
    let photos = house.root.path().join("photos");
    capture_cut(&photos, 9);
    let (first, second) = (house.service("first"), house.service("second"));
    let workers = [house.worker("third"), house.worker("fourth")];
    let mut oracle = Oracle::new();
    let product = oracle.product(&first);
    oracle.put_all(&first, &product, &photos);
    let job = oracle.start(&second, &product);
    oracle.wait_until_running(&first, &job);
    house.store.leave();
    for service in [&first, &second] {
        wait_until_it_says(&oracle, service, "store");
    }
    house.store.come_back();
    for service in [&first, &second] {
        wait_until_it_says(&oracle, service, "");
    }
    let state = oracle.wait_for(&second, &job, PATIENCE);
    assert_eq!(state["state"], "done", "{state}");
    house.check(&oracle, &first, &product);
    for worker in workers {
        worker.stop();
    }
}

#[test]
fn a_store_that_errs_before_and_after_its_effect_and_slows_down_costs_nothing_acknowledged() {
    let house = House::build(0x5333);
    let photos = house.root.path().join("photos");
    capture_cut(&photos, 9);
    let (first, second) = (house.service("first"), house.service("second"));
    let worker = house.worker("third");
    let (mut oracle, mut shots) = (Oracle::new(), Oracle::new());
    let (product, shot) = (oracle.product(&first), shots.product(&second));
    house.store.turn(Mood::Erring { one_in: 5 });
    for (number, service) in [&first, &second, &first, &second].into_iter().enumerate() {
        let bytes = photo(700 + number as u64, 400_000);
        let name = format!("{number}.jpg");
        sent(&mut oracle, service, &product, &name, &bytes);
    }
    for entry in fs::read_dir(&photos).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        sent(&mut shots, &second, &shot, name, &fs::read(&path).unwrap());
    }
    let job = shots.start(&second, &shot);
    let state = shots.wait_for(&first, &job, PATIENCE);
    assert_eq!(state["state"], "done", "{state}");
    house.store.turn(Mood::Slow {
        wait: Duration::from_millis(250),
    });
    let bytes = photo(900, 400_000);
    oracle
        .tus(&second, &product, "slow.jpg", &bytes, 150_000)
        .expect("slowness is no refusal");
    let again = shots.start(&first, &shot);
    let state = shots.wait_for(&second, &again, PATIENCE);
    assert_eq!(state["state"], "done", "{state}");
    house.store.turn(Mood::Steady);
    house.check(&oracle, &first, &product);
    house.check(&shots, &first, &shot);
    worker.stop();
    let counts = house.store.counts();
    let [before, after, slowed] =
        [&counts.before, &counts.after, &counts.slowed].map(|count| count.load(Ordering::Relaxed));
    assert!(before > 5 && after > 5 && slowed > 20, "{counts:?}");
    println!("{before} requests refused before and {after} after their effect, {slowed} slowed");
}

/// Sends a photo until it is acknowledged, now at once and now in pieces.
fn sent(oracle: &mut Oracle, service: &Service, product: &str, name: &str, bytes: &[u8]) {
    for attempt in 0..20 {
        let done = if attempt % 2 == 0 {
            oracle.tus(service, product, name, bytes, 150_000)
        } else {
            oracle.put(service, product, name, bytes)
        };
        if done.is_some() {
            return;
        }
    }
    panic!("{name} is refused for ever:\n{}", service.log());
}
