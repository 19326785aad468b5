//! What the service knows about products, uploads, jobs and publications.
//!
//! Traits stand between the callers and the database; [`Records`] is all of them.

mod capture;
mod category;
mod dead;
mod fold;
mod generated;
mod gtin;
mod ids;
mod job;
mod listing;
mod open;
mod postgres;
mod producer;
mod product;
mod province;
mod references;
mod registration;
mod slug;
mod sqlite;
mod upload;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

pub use capture::{Capture, Captures, NewCapture};
pub use category::Category;
pub use dead::DeadJobs;
pub use fold::fold;
pub use generated::{fill, generated};
pub use gtin::{Gtin, NotAGtin};
pub use ids::{
    AuditId, CaptureId, JobId, KeyId, LeaseToken, OrganisationId, ProducerId, ProductId, UploadId,
    UserId,
};
pub use job::{
    Beat, Claim, Job, JobFailure, JobKind, JobState, MadeModel, MadeSpin, Produced, Progress,
};
pub use listing::{ProductPage, PublicState, Reach, Wanted};
pub(crate) use open::open;
pub use postgres::Postgres;
pub use producer::{NewProducer, Producer, ProducerPage, Producers, WantedProducers};
pub use product::{
    NewProduct, Photo, Product, ProductSummary, Publication, Rating, Upload, UploadLimits,
};
pub use province::Province;
pub use references::{Reference, References, Stored};
pub use registration::{NotARegistrationCode, RegistrationCode};
pub use slug::slug;
pub use sqlite::Sqlite;
pub use upload::{NewUpload, PendingUpload, UploadKind, UploadLedger, UploadPart};

use crate::Error;
use crate::people::People;

/// All that a database keeps.
pub trait Records:
    Catalogue + Producers + Captures + JobQueue + DeadJobs + UploadLedger + References + People
{
}

impl<T> Records for T where
    T: Catalogue + Producers + Captures + JobQueue + DeadJobs + UploadLedger + References + People
{
}

/// Products, what was uploaded for them, and what of them is public.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Answers when the database does.
    async fn ping(&self) -> Result<(), Error>;

    /// Adds a product. Where its slug is taken a number is appended.
    async fn create_product(&self, new: &NewProduct) -> Result<Product, Error>;

    /// Adds many products at once: all of them or none.
    async fn create_products(&self, new: &[NewProduct]) -> Result<Vec<ProductId>, Error>;

    /// The product whose slug is the new one's, with its texts brought up to date; a new one where there is none.
    async fn product_by_slug_or_create(&self, new: &NewProduct) -> Result<Product, Error>;

    /// The product with this id.
    async fn product(&self, id: ProductId) -> Result<Option<Product>, Error>;

    /// The product with this slug.
    async fn product_by_slug(&self, slug: &str) -> Result<Option<Product>, Error>;

    /// The products that are asked for, newest first.
    async fn products(&self, wanted: &Wanted) -> Result<ProductPage, Error>;

    /// Puts what `new` says in place of what was said of the product; its slug and its organisation stay.
    async fn update_product(&self, id: ProductId, new: &NewProduct) -> Result<Product, Error>;

    /// Adds or replaces a photo unless that breaks a limit of the capture's product.
    ///
    /// # Errors
    /// [`Error::NoSuchCapture`] too.
    async fn put_photo(
        &self,
        capture: CaptureId,
        photo: &Photo,
        limits: &UploadLimits,
    ) -> Result<(), Error>;

    /// The capture's photos in order of their names.
    async fn photos(&self, capture: CaptureId) -> Result<Vec<Photo>, Error>;

    /// Forgets a photo; false where there was none.
    async fn delete_photo(&self, capture: CaptureId, name: &str) -> Result<bool, Error>;

    /// Sets the product's uploaded model.
    async fn put_model(&self, product: ProductId, model: &Upload) -> Result<(), Error>;

    /// The product's uploaded model.
    async fn model(&self, product: ProductId) -> Result<Option<Upload>, Error>;

    /// Makes `manifest` the public one, as the next version; where it is the public one already, nothing changes.
    async fn publish(&self, product: ProductId, manifest: &str) -> Result<Publication, Error>;

    /// The public manifest.
    async fn publication(&self, product: ProductId) -> Result<Option<Publication>, Error>;

    /// The public manifests of all published products, newest publication first, at most `limit`.
    async fn publications(&self, limit: u32) -> Result<Vec<(Product, Publication)>, Error>;
}

/// Jobs and who works on them.
///
/// A claim gives a fresh token; all that a worker writes is fenced by it. A worker that lost its lease
/// therefore changes nothing, however late it comes back.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Adds a job, or gives the one of the same kind that has not ended yet; a spin from the current capture.
    #[allow(
        dead_code,
        reason = "for callers without captures of their own, as tests are"
    )]
    async fn enqueue(&self, product: ProductId, kind: JobKind) -> Result<Job, Error> {
        self.enqueue_from(product, kind, None).await
    }

    /// [`JobQueue::enqueue`] with the capture that a spin is made from.
    async fn enqueue_from(
        &self,
        product: ProductId,
        kind: JobKind,
        capture: Option<CaptureId>,
    ) -> Result<Job, Error>;

    /// The job with this id.
    async fn job(&self, id: JobId) -> Result<Option<Job>, Error>;

    /// The product's jobs, newest first, at most 50.
    async fn jobs(&self, product: ProductId) -> Result<Vec<Job>, Error>;

    /// What a finished job made.
    async fn produced(&self, id: JobId) -> Result<Option<Produced>, Error>;

    /// What the product's latest successful job of this kind made.
    async fn latest_produced(
        &self,
        product: ProductId,
        kind: JobKind,
    ) -> Result<Option<Produced>, Error>;

    /// What the latest successful spin job of this capture made.
    async fn latest_spin(&self, capture: CaptureId) -> Result<Option<MadeSpin>, Error>;

    /// Takes the job that has waited longest, or one whose lease ran out; nothing where none waits.
    #[allow(
        dead_code,
        reason = "for callers without kinds of their own, as tests are"
    )]
    async fn claim(&self, lease: Duration) -> Result<Option<Claim>, Error> {
        self.claim_kinds(&JobKind::ALL, lease).await
    }

    /// [`JobQueue::claim`] among jobs of these kinds only.
    async fn claim_kinds(&self, kinds: &[JobKind], lease: Duration)
    -> Result<Option<Claim>, Error>;

    /// Renews the lease and stores how far the job is.
    async fn beat(
        &self,
        claim: &Claim,
        progress: &Progress,
        lease: Duration,
    ) -> Result<Beat, Error>;

    /// Ends the job with what it made; false where the lease was lost.
    async fn complete(&self, claim: &Claim, produced: &Produced) -> Result<bool, Error>;

    /// Ends the attempt: the job waits for `retry_after`, or has failed where that is `None`; false where the lease was lost.
    async fn fail(
        &self,
        claim: &Claim,
        failure: &JobFailure,
        retry_after: Option<Duration>,
    ) -> Result<bool, Error>;

    /// Gives the job back unfinished, without counting the attempt; a job asked to stop is cancelled. False where the lease was lost.
    async fn release(&self, claim: &Claim) -> Result<bool, Error>;

    /// Cancels a waiting job at once and asks a running one to stop; one that has ended stays as it is.
    async fn cancel(&self, id: JobId) -> Result<Option<Job>, Error>;

    /// Whether a worker holds this job under this token now.
    async fn holds(&self, id: JobId, token: LeaseToken) -> Result<bool, Error>;
}

/// Now, in Unix milliseconds.
fn now_ms() -> i64 {
    (OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000) as i64
}

#[cfg(test)]
mod conformance;
