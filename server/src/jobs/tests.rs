use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::catalogue::{JobId, JobKind, JobQueue, JobState};
use crate::fixtures::{CAMERA, LEASE, Plan, Planned, Service, request};
use crate::jobs::sweep;

async fn job(service: &Service, id: &str) -> crate::catalogue::Job {
    let id: JobId = id.parse().unwrap();
    service.catalogue.job(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_job_stores_what_it_made_and_leaves_no_scratch() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let id = service.start_spin(&product).await;
    service.work(Plan::Succeed(1)).await;
    let job = job(&service, &id).await;
    assert_eq!(job.state, JobState::Done);
    assert_eq!((job.progress.done, job.progress.total), (2, 2));
    assert_eq!(job.progress.warnings.len(), 1);
    // Four frames, a poster, the report.
    assert_eq!(service.files_under("objects").len(), 6);
    assert_eq!(service.files_under("originals").len(), 2);
    assert!(service.files_under("work").is_empty());
}

#[tokio::test]
async fn a_recipe_that_fails_or_panics_fails_its_job_and_keeps_the_photos() {
    for (plan, code) in [(Plan::Fail, "bad-input"), (Plan::Panic, "internal")] {
        let service = Service::start().await;
        let product = service.product_with_photos().await;
        let id = service.start_spin(&product).await;
        service.work(plan).await;
        let job = job(&service, &id).await;
        assert_eq!(job.state, JobState::Failed);
        assert_eq!(job.error.unwrap().code, code);
        assert_eq!(service.files_under("originals").len(), 2);
        assert!(service.files_under("work").is_empty());
    }
}

#[tokio::test]
async fn a_full_disk_fails_the_job_by_name_and_the_next_one_succeeds() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let id = service.start_spin(&product).await;
    service.faults.fail_after(2, true);
    service.work(Plan::Succeed(1)).await;
    let full = job(&service, &id).await;
    assert_eq!(full.state, JobState::Failed);
    let error = full.error.unwrap();
    assert_eq!(error.code, "no-space");
    assert!(error.message.vi.contains("đã đầy"), "{}", error.message.vi);
    service.faults.heal();
    let id = service.start_spin(&product).await;
    service.work(Plan::Succeed(1)).await;
    assert_eq!(job(&service, &id).await.state, JobState::Done);
}

#[tokio::test]
async fn a_store_that_stumbles_lets_the_job_wait_for_another_attempt() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let id = service.start_spin(&product).await;
    service.faults.fail_after(3, false);
    service.work(Plan::Succeed(1)).await;
    let waiting = job(&service, &id).await;
    assert_eq!((waiting.state, waiting.attempts), (JobState::Queued, 1));
    // What the store said is no business of the client.
    assert!(!waiting.error.unwrap().message.en.contains("faulty"));
}

#[tokio::test]
async fn a_cancelled_job_stops_soon() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let id = service.start_spin(&product).await;
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        service.catalogue.cancel(id.parse().unwrap()).await.unwrap();
    };
    let work = service.work(Plan::UntilCancelled);
    let both = async { tokio::join!(work, cancel) };
    tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .unwrap();
    assert_eq!(job(&service, &id).await.state, JobState::Cancelled);
    assert!(service.files_under("work").is_empty());
}

#[tokio::test]
async fn a_shutdown_hands_the_job_back_uncounted() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let id = service.start_spin(&product).await;
    let recipes = Planned::new(Plan::UntilCancelled);
    let worker = tokio::spawn(service.worker(recipes.clone()).run());
    while recipes.runs.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    service.app.stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), worker)
        .await
        .unwrap()
        .unwrap();
    let back = job(&service, &id).await;
    assert_eq!((back.state, back.attempts), (JobState::Queued, 0));
    assert!(service.catalogue.claim(LEASE).await.unwrap().is_some());
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_writes_nothing() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let id = service.start_spin(&product).await;
    let stale = service
        .catalogue
        .claim(Duration::from_millis(1))
        .await
        .unwrap()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let fresh = service.catalogue.claim(LEASE).await.unwrap().unwrap();
    service
        .worker(Planned::new(Plan::Succeed(1)))
        .work(&stale)
        .await;
    assert_eq!(job(&service, &id).await.state, JobState::Running);
    service
        .worker(Planned::new(Plan::Succeed(2)))
        .work(&fresh)
        .await;
    let made = service
        .catalogue
        .produced(id.parse().unwrap())
        .await
        .unwrap();
    let latest = service
        .catalogue
        .latest_produced(product.parse().unwrap(), JobKind::Spin)
        .await
        .unwrap();
    assert!(made.is_some() && made == latest);
}

#[tokio::test]
async fn a_killed_worker_leaves_a_job_that_the_next_one_takes() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let id = service.start_spin(&product).await;
    // A killed process: its lease stays, its scratch folder stays, nobody speaks for it.
    let dead = service
        .catalogue
        .claim(Duration::from_millis(100))
        .await
        .unwrap()
        .unwrap();
    let scratch = service
        .folder
        .path()
        .join("work/jobs")
        .join(format!("{}.{}", dead.job.id, dead.token));
    std::fs::create_dir_all(scratch.join("photos")).unwrap();
    let jobs_dir = service.folder.path().join("work/jobs");
    sweep(&jobs_dir, &*service.catalogue).await.unwrap();
    assert!(scratch.exists(), "its lease still runs: it may be alive");
    let worker = tokio::spawn(service.worker(Planned::new(Plan::Succeed(1))).run());
    let done = async {
        while job(&service, &id).await.state != JobState::Done {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), done)
        .await
        .unwrap();
    sweep(&jobs_dir, &*service.catalogue).await.unwrap();
    assert!(!scratch.exists());
    service.app.stop.cancel();
    worker.await.unwrap();
}

#[tokio::test]
async fn a_dead_job_is_kept_with_its_reason_until_somebody_starts_it_again() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let id = service.start_spin(&product).await;
    service.work(Plan::Fail).await;
    let dead = service.get("/api/jobs?state=failed").await.json();
    assert_eq!(dead[0]["id"], id.as_str());
    assert_eq!(dead[0]["error"]["code"], "bad-input");
    let retry = format!("/api/jobs/{id}/retry");
    let again = service.post(&retry, &serde_json::Value::Null).await;
    assert_eq!(again.status.as_u16(), 202, "{}", again.text());
    assert_eq!(
        (&again.json()["state"], &again.json()["attempts"]),
        (&"queued".into(), &0.into())
    );
    service.work(Plan::Succeed(1)).await;
    assert_eq!(job(&service, &id).await.state, JobState::Done);
    assert!(
        service
            .get("/api/jobs?state=failed")
            .await
            .json()
            .as_array()
            .unwrap()
            .is_empty()
    );
    // One that is done stays as it is.
    let done = service.post(&retry, &serde_json::Value::Null).await;
    assert_eq!(done.json()["state"], "done");
}

#[tokio::test]
async fn a_dead_job_gives_way_to_its_successor() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let dead = service.start_spin(&product).await;
    service.work(Plan::Fail).await;
    let successor = service.start_spin(&product).await;
    let answer = service
        .post(&format!("/api/jobs/{dead}/retry"), &serde_json::Value::Null)
        .await;
    assert_eq!(answer.json()["id"], successor.as_str());
    assert_eq!(job(&service, &dead).await.state, JobState::Failed);
}

/// What the product's page would show: published first, then read as a visitor does.
async fn published(service: &Service, product: &str) -> (u64, serde_json::Value) {
    let path = format!("/api/products/{product}/publish");
    let answer = service.post(&path, &serde_json::Value::Null).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    let version = answer.json()["version"].as_u64().unwrap();
    let manifest = service.get("/products/mat-ong/manifest.json").await.json();
    (version, manifest)
}

#[tokio::test]
async fn a_model_of_the_photos_gives_their_spin_its_cameras() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    service.start_spin(&product).await;
    service.work(Plan::Succeed(1)).await;
    let (version, before) = published(&service, &product).await;
    assert!(before["spin"]["frames"][0].get("projection").is_none());
    let id = service.start_job(&product, JobKind::Model).await;
    service.work(Plan::Succeed(2)).await;
    let made = job(&service, &id).await;
    assert_eq!(made.state, JobState::Done, "{:?}", made.error);
    assert!(made.capture_id.is_some(), "it was made from photos");
    assert!(service.files_under("work").is_empty());
    // Nothing is seen of it until somebody publishes: what was published stays as it was.
    let unchanged = service.get("/products/mat-ong/manifest.json").await.json();
    assert_eq!(unchanged, before);
    let (next, manifest) = published(&service, &product).await;
    assert_eq!(next, version + 1);
    for frame in 0..2 {
        let projection = &manifest["spin"]["frames"][frame]["projection"];
        assert_eq!(*projection, serde_json::json!(CAMERA));
    }
    assert_eq!(manifest["spin"]["direction"], "clockwise");
    assert_eq!(manifest["spin"]["renditions"], before["spin"]["renditions"]);
    // The same again is no new version.
    service.start_job(&product, JobKind::Model).await;
    service.work(Plan::Succeed(2)).await;
    assert_eq!(
        published(&service, &product).await,
        (next, manifest.clone())
    );
    // A spin that came out the same keeps them; other pictures have no cameras yet.
    service.start_spin(&product).await;
    service.work(Plan::Succeed(1)).await;
    assert_eq!(published(&service, &product).await, (next, manifest));
    service.start_spin(&product).await;
    service.work(Plan::Succeed(3)).await;
    let (_, other) = published(&service, &product).await;
    assert!(other["spin"]["frames"][0].get("projection").is_none());
    assert!(other["model"].is_object());
}

#[tokio::test]
async fn a_model_is_made_of_the_photos_whatever_became_of_their_spin() {
    // No spin at all; one whose photos have other names since.
    for renamed in [false, true] {
        let service = Service::start().await;
        let product = service.product_with_photos().await;
        if renamed {
            service.start_spin(&product).await;
            service.work(Plan::Succeed(1)).await;
            let gone = format!("/api/products/{product}/photos/1.jpg");
            let asked = request(axum::http::Method::DELETE, &gone, axum::body::Body::empty());
            let answer = service.ask(asked).await;
            assert!(answer.status.is_success(), "{}", answer.text());
        }
        let id = service.start_job(&product, JobKind::Model).await;
        service.work(Plan::Succeed(2)).await;
        assert_eq!(job(&service, &id).await.state, JobState::Done);
        let (_, manifest) = published(&service, &product).await;
        assert!(manifest["model"].is_object());
        assert!(manifest["spin"]["frames"][0].get("projection").is_none());
    }
}

#[tokio::test]
async fn an_uploaded_model_goes_before_one_of_the_photos_unless_a_capture_is_named() {
    let service = Service::start().await;
    let product = service.product_with_photos().await;
    let path = format!("/api/products/{product}/model");
    let answer = service.put(&path, crate::fixtures::glb()).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let uploaded = service.start_job(&product, JobKind::Model).await;
    assert_eq!(job(&service, &uploaded).await.capture_id, None);
    let capture = service
        .get(&format!("/api/products/{product}"))
        .await
        .json();
    let capture = capture["captures"][0]["id"].clone();
    let path = format!("/api/products/{product}/jobs");
    let body = serde_json::json!({ "kind": "model", "capture": capture });
    let named = service.post(&path, &body).await.json();
    assert_eq!(named["captureId"], capture);
    assert_ne!(named["id"], uploaded.as_str());
}
