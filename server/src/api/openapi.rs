//! The interface described for programs, at `/api/openapi.json`: one table, which a test holds against the routes.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// What one method at one address does.
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    /// The request's body: a media type, or the name of a JSON body's schema; empty where it has none.
    takes: &'static str,
    /// Status and body of the good answer, the latter as in `takes`; `[Name]` is a list of such.
    gives: (u16, &'static str),
    /// Statuses of problems beside 400, 403, 429, 500 and 503, which every operation may answer.
    refuses: &'static [u16],
}

const fn operation(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    takes: &'static str,
    gives: (u16, &'static str),
    refuses: &'static [u16],
) -> Operation {
    Operation {
        method,
        path,
        summary,
        takes,
        gives,
        refuses,
    }
}

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const BYTES: &str = "application/octet-stream";
const PIECE: &str = "application/offset+octet-stream";
const TEXT: &str = "text/plain";

#[rustfmt::skip]
const OPERATIONS: &[Operation] = &[
    operation("get", "/api/products", "List products, newest first", "", (200, "ProductPage"), &[401, 404, 422]),
    operation("post", "/api/products", "Add a product", "NewProduct", (201, "ProductView"), &[401, 404, 413, 422]),
    operation("get", "/api/products/{id}", "A product with its photos and jobs", "", (200, "ProductView"), &[404]),
    operation("get", "/api/products/{id}/photos", "List a product's photos", "", (200, "[Photo]"), &[404]),
    operation("post", "/api/products/{id}/photos", "Send photos in a form", "multipart/form-data", (201, "Received"), &[401, 404, 409, 413, 422, 507]),
    operation("put", "/api/products/{id}/photos/{name}", "Send a photo at once", BYTES, (201, "Photo"), &[401, 404, 409, 413, 415, 422, 507]),
    operation("delete", "/api/products/{id}/photos/{name}", "Forget a photo", "", (204, ""), &[401, 404]),
    operation("put", "/api/products/{id}/model", "Send the model at once, a GLB", BYTES, (201, "Upload"), &[401, 404, 413, 415, 507]),
    operation("get", "/api/products/{id}/uploads", "Uploads in pieces that are under way", "", (200, "[UploadUnderWay]"), &[404]),
    operation("post", "/api/products/{id}/uploads", "Begin an upload in pieces (tus 1.0.0)", PIECE, (201, ""), &[401, 404, 409, 412, 413, 415, 422, 460, 507]),
    operation("options", "/api/products/{id}/uploads", "What uploads in pieces can do", "", (204, ""), &[]),
    operation("options", "/api/uploads", "What uploads in pieces can do", "", (204, ""), &[]),
    operation("options", "/api/uploads/{id}", "What uploads in pieces can do", "", (204, ""), &[]),
    operation("head", "/api/uploads/{id}", "How far an upload is", "", (200, ""), &[404, 412, 415, 423, 460]),
    operation("patch", "/api/uploads/{id}", "Send the next piece of an upload", PIECE, (204, ""), &[401, 404, 409, 412, 413, 415, 423, 460, 507]),
    operation("delete", "/api/uploads/{id}", "End an upload and forget it", "", (204, ""), &[401, 404, 412, 423]),
    operation("get", "/api/products/{id}/captures", "A product's captures, newest first", "", (200, "[Capture]"), &[401, 404]),
    operation("post", "/api/products/{id}/captures", "Add a capture, which becomes the current one", "NewCapture", (201, "Capture"), &[401, 404, 409, 413, 422]),
    operation("put", "/api/products/{id}/captures/{capture}", "Change what is said of a capture", "NewCapture", (200, "Capture"), &[401, 404, 413, 422]),
    operation("delete", "/api/products/{id}/captures/{capture}", "Forget an empty capture", "", (204, ""), &[401, 404, 409]),
    operation("get", "/api/producers", "List producers, newest first", "", (200, "ProducerPage"), &[401, 404, 422]),
    operation("post", "/api/producers", "Add a producer", "NewProducer", (201, "Producer"), &[401, 404, 409, 413, 422]),
    operation("get", "/api/producers/{id}", "A producer", "", (200, "Producer"), &[401, 404]),
    operation("put", "/api/producers/{id}", "Change what is said of a producer", "NewProducer", (200, "Producer"), &[401, 404, 409, 413, 422]),
    operation("delete", "/api/producers/{id}", "Forget a producer without products", "", (204, ""), &[401, 404, 409]),
    operation("get", "/producers", "The producers' page", "", (200, HTML), &[]),
    operation("post", "/api/products/{id}/jobs", "Start a job, or join the one under way", "NewJob", (202, "Job"), &[401, 404, 409, 413]),
    operation("get", "/api/jobs", "Failed jobs with their reasons (state=failed)", "", (200, "[Job]"), &[]),
    operation("get", "/api/jobs/{id}", "A job", "", (200, "Job"), &[404]),
    operation("delete", "/api/jobs/{id}", "Cancel a job", "", (200, "Job"), &[401, 404]),
    operation("post", "/api/jobs/{id}/retry", "Start a failed job again", "", (202, "Job"), &[401, 404]),
    operation("get", "/api/jobs/{id}/events", "Follow a job", "", (200, "text/event-stream"), &[404]),
    operation("get", "/api/jobs/{id}/manifest.json", "What a job made, before it is public", "", (200, "ProductManifest"), &[404, 409]),
    operation("post", "/api/products/{id}/publish", "Make the latest results public", "", (200, "Publication"), &[401, 404, 409]),
    operation("put", "/api/products/{id}", "Change what is said of a product", "NewProduct", (200, "ProductView"), &[401, 404, 413, 422]),
    operation("post", "/api/jobs/{id}/link", "A signed address of a draft", "NewLink", (200, "Link"), &[401, 404, 422]),
    operation("get", "/api/session", "Who I am", "", (200, "Whoami"), &[]),
    operation("post", "/api/session", "Sign in", "SignIn", (200, "Whoami"), &[401, 422]),
    operation("get", "/api/session/oidc", "Go to the identity provider to sign in", "", (303, ""), &[404]),
    operation("get", "/api/session/oidc/callback", "Come back from the identity provider", "", (303, ""), &[404]),
    operation("delete", "/api/session", "Sign out", "", (204, ""), &[401]),
    operation("delete", "/api/sessions", "Sign out everywhere", "", (204, ""), &[401]),
    operation("put", "/api/session/password", "Change my password", "NewPassword", (204, ""), &[401, 422]),
    operation("get", "/api/organisations", "Organisations that I may see", "", (200, "[Organisation]"), &[401]),
    operation("post", "/api/organisations", "Add an organisation", "NewOrganisation", (201, "Organisation"), &[401, 409, 422]),
    operation("put", "/api/organisations/{id}/people/{user}", "Give somebody a role", "NewRole", (204, ""), &[401, 404, 422]),
    operation("delete", "/api/organisations/{id}/people/{user}", "Take somebody's role", "", (204, ""), &[401, 404]),
    operation("get", "/api/organisations/{id}/keys", "An organisation's keys", "", (200, "[Key]"), &[401, 404]),
    operation("post", "/api/organisations/{id}/keys", "Add a key; it is shown this once", "NewKey", (201, "Key"), &[401, 404, 422]),
    operation("delete", "/api/organisations/{id}/keys/{key}", "Take a key back", "", (204, ""), &[401, 404]),
    operation("get", "/api/users", "Accounts", "", (200, "Accounts"), &[401, 404]),
    operation("post", "/api/users", "Add an account", "NewAccount", (201, "Account"), &[401, 404, 409, 422]),
    operation("put", "/api/users/{id}", "Open an account again", "", (204, ""), &[401, 404]),
    operation("delete", "/api/users/{id}", "Close an account", "", (204, ""), &[401, 404, 409]),
    operation("put", "/api/users/{id}/password", "Give somebody a new password", "Password", (204, ""), &[401, 404, 422]),
    operation("get", "/api/audit", "Who changed what", "", (200, "AuditLog"), &[401]),
    operation("get", "/drafts/{id}", "A draft's page, by a signed address", "", (200, HTML), &[401, 404]),
    operation("get", "/sign-in", "The page to sign in", "", (200, HTML), &[]),
    operation("get", "/people", "The page of people, keys and the log", "", (200, HTML), &[]),
    operation("get", "/api/openapi.json", "This description", "", (200, JSON), &[]),
    operation("get", "/products/{id}/manifest.json", "What of a product is public", "", (200, "ProductManifest"), &[404]),
    operation("get", "/objects/{name}", "A published file, whole or in part", "", (200, BYTES), &[404, 416]),
    operation("get", "/viewer/{path}", "A file of the viewer", "", (200, BYTES), &[404]),
    operation("get", "/oembed", "oEmbed 1.0 for a product's address", "", (200, "OEmbed"), &[404, 501]),
    operation("get", "/", "The studio", "", (200, HTML), &[]),
    operation("get", "/products/{id}", "A product's page", "", (200, HTML), &[404]),
    operation("get", "/embed/{id}", "A product alone, for a frame", "", (200, HTML), &[404]),
    operation("get", "/assets/{name}", "A file of the pages", "", (200, BYTES), &[404]),
    operation("get", "/kiosk", "The catalogue for a touch screen", "", (200, HTML), &[]),
    operation("get", "/kiosk/worker.js", "The script that keeps the catalogue offline", "", (200, "text/javascript"), &[]),
    operation("get", "/healthz", "The process runs", "", (200, TEXT), &[]),
    operation("get", "/readyz", "Database and store answer", "", (200, TEXT), &[503]),
];

/// Problems that any operation may answer with.
const ANYWHERE: [u16; 5] = [400, 403, 429, 500, 503];

/// The JSON bodies of requests and answers, by name. `tests/suite/schema.rs` holds real answers against them.
static SCHEMAS: LazyLock<Value> = LazyLock::new(|| table(include_str!("openapi/schemas.json")));

/// What addresses take after their question mark, and headers that are not those of every request.
static PARAMETERS: LazyLock<Value> =
    LazyLock::new(|| table(include_str!("openapi/parameters.json")));

/// A table that is built in: a test reads it.
fn table(json: &'static str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// A body by its media type, or by its schema's name.
fn content(body: &str) -> Value {
    if body.contains('/') {
        let schema = match body {
            "multipart/form-data" => json!({
                "type": "object",
                "properties": { "photo": { "type": "array", "items": { "type": "string", "format": "binary" } } },
            }),
            _ => json!({}),
        };
        return json!({ body: { "schema": schema } });
    }
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let item = body
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let schema = match item {
        Some(item) => json!({ "type": "array", "items": reference(item) }),
        None => reference(body),
    };
    json!({ JSON: { "schema": schema } })
}

/// A part of an address that varies.
fn part(name: &str) -> Value {
    match name {
        "user" | "key" | "capture" => json!({ "$ref": "#/components/schemas/Id" }),
        // An id, or what addresses call a product.
        _ => json!({ "type": "string", "minLength": 1, "maxLength": 200 }),
    }
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

pub(super) async fn serve() -> Response {
    ([(header::CONTENT_TYPE, JSON)], DOCUMENT.as_str()).into_response()
}

fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Xoay",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": *SCHEMAS,
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = operation
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": part(name) }))
        .collect();
    let key = format!("{} {}", operation.method, operation.path);
    parameters.extend(PARAMETERS[&key].as_array().cloned().unwrap_or_default());
    let (status, media) = operation.gives;
    let mut responses = Map::new();
    let mut good = json!({ "description": "done" });
    if !media.is_empty() {
        good["content"] = content(media);
    }
    responses.insert(status.to_string(), good);
    for status in operation.refuses.iter().chain(&ANYWHERE) {
        responses.insert(
            status.to_string(),
            json!({
                "description": "refused",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            }),
        );
    }
    let mut described = json!({
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses,
    });
    if !operation.takes.is_empty() {
        let required = operation.takes != PIECE;
        described["requestBody"] =
            json!({ "required": required, "content": content(operation.takes) });
    }
    if operation.refuses.contains(&401) {
        described["security"] = json!([{ "token": [] }]);
    }
    described
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every method and path of the service's table.
    fn routed() -> BTreeSet<(String, String)> {
        let (_, table) = crate::api::routes().into_parts();
        let described = |row: crate::api::Row| {
            let method = row.method.as_str().to_lowercase();
            (method, row.path.replace("{*path}", "{path}"))
        };
        table.into_iter().map(described).collect()
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let described: BTreeSet<(String, String)> = OPERATIONS
            .iter()
            .map(|operation| (operation.method.to_owned(), operation.path.to_owned()))
            .collect();
        assert_eq!(described.len(), OPERATIONS.len(), "one is described twice");
        let routed = routed();
        let (absent, gone): (Vec<_>, Vec<_>) = (
            routed.difference(&described).collect(),
            described.difference(&routed).collect(),
        );
        assert!(
            absent.is_empty() && gone.is_empty(),
            "not described: {absent:?}; gone: {gone:?}"
        );
    }

    /// Every name that a description refers to.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match field {
                        Value::String(to) if name == "$ref" => {
                            found.insert(to.replace("#/components/schemas/", ""));
                        }
                        other => references(other, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_schema_is_there_and_used() {
        let mut named = BTreeSet::new();
        references(&document(), &mut named);
        let there: BTreeSet<_> = SCHEMAS.as_object().unwrap().keys().cloned().collect();
        assert_eq!(named, there);
        let described: BTreeSet<_> = OPERATIONS
            .iter()
            .map(|operation| format!("{} {}", operation.method, operation.path))
            .collect();
        for key in PARAMETERS.as_object().unwrap().keys() {
            assert!(described.contains(key), "{key} is no route");
        }
        for operation in OPERATIONS {
            let (_, gives) = operation.gives;
            assert!(
                gives != JSON || operation.path == "/api/openapi.json",
                "{}",
                operation.path
            );
        }
    }

    #[test]
    fn parameters_are_those_of_the_path() {
        let document = document();
        let put = &document["paths"]["/api/products/{id}/photos/{name}"]["put"];
        let names: Vec<_> = put["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| &p["name"])
            .collect();
        assert_eq!(names, ["id", "name", "capture"]);
        assert!(put["responses"]["201"].is_object() && put["responses"]["507"].is_object());
        assert!(
            document["paths"]["/healthz"]["get"]["parameters"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
}
