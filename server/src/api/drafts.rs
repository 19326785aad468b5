//! Drafts shown to people without an account: addresses that are signed and run out.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, HeaderName, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use xoay_format::{Language, Text};

use super::products::fresh;
use super::{App, Path, Query};
use crate::Error;
use crate::catalogue::JobId;
use crate::people::secret;
use crate::studio::{LanguageQuery, OWN_PAGE_POLICY, Speak, own_origin, page_language, render};

/// The shared secret that signs.
const SECRET: &str = "draft-links";
/// How long an address holds where nobody says.
const USUAL_HOURS: u32 = 72;
/// The longest that anybody may say: a month.
const MOST_HOURS: u32 = 31 * 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLink {
    #[serde(default)]
    hours: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    /// A page that shows the draft.
    page: String,
    /// The draft's manifest, for a viewer.
    manifest: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

#[derive(Deserialize)]
struct Signature {
    expires: i64,
    signature: String,
}

/// What is signed: the job and the moment, so that neither can be changed.
fn signed_text(job: &str, expires: i64) -> String {
    format!("draft\n{job}\n{expires}")
}

/// Whether the address carries a signature of ours for this job that has not run out.
pub(super) async fn is_signed(app: &App, job: &str, uri: &Uri) -> Result<bool, Error> {
    let Ok(axum::extract::Query(Signature { expires, signature })) =
        axum::extract::Query::try_from_uri(uri)
    else {
        return Ok(false);
    };
    if expires < OffsetDateTime::now_utc().unix_timestamp() {
        return Ok(false);
    }
    let key = app.people.secret(SECRET).await?;
    Ok(secret::is_signed(
        &key,
        &signed_text(job, expires),
        &signature,
    ))
}

/// Makes a signed address of the job's result.
pub(super) async fn share(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Json<NewLink>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(NewLink { hours }) = body?;
    let hours = hours.unwrap_or(USUAL_HOURS);
    if !(1..=MOST_HOURS).contains(&hours) {
        return Err(Error::Field {
            field: "hours",
            rule: Text::new(
                format!("từ 1 đến {MOST_HOURS} giờ"),
                format!("1 to {MOST_HOURS} hours"),
            ),
        });
    }
    let expires_at = OffsetDateTime::now_utc() + Duration::hours(i64::from(hours));
    let expires = expires_at.unix_timestamp();
    let key = app.people.secret(SECRET).await?;
    let signature = secret::sign(&key, &signed_text(&id, expires));
    let origin = own_origin(&app, &uri, &headers);
    let query = format!("expires={expires}&signature={signature}");
    Ok(fresh(Json(Link {
        page: format!("{origin}/drafts/{id}?{query}"),
        manifest: format!("{origin}/api/jobs/{id}/manifest.json?{query}"),
        expires_at,
    })))
}

#[derive(Template)]
#[template(path = "draft.html")]
struct DraftPage {
    language: Language,
    manifest: String,
}

impl Speak for DraftPage {
    fn language(&self) -> Language {
        self.language
    }
}

/// A page that shows the draft to whoever has its address.
pub(super) async fn page(
    Path(id): Path<String>,
    Query(query): Query<LanguageQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let language = page_language(&query, &headers);
    let id: JobId = id.parse().map_err(|_| Error::NoSuchJob { id })?;
    let page = DraftPage {
        language,
        manifest: format!(
            "/api/jobs/{id}/manifest.json?{}",
            uri.query().unwrap_or_default()
        ),
    };
    let page = render(&page, language, OWN_PAGE_POLICY)?;
    // The address is a secret: no search engine keeps it, and no link passes it on.
    let private = [
        (HeaderName::from_static("x-robots-tag"), "noindex"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ];
    Ok((private, page).into_response())
}
