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
    /// Media type of the request's body; empty where it has none.
    takes: &'static str,
    /// Status and media type of the good answer; the latter is empty where it has no body.
    gives: (u16, &'static str),
    /// Statuses of problems beside 400, 403, 429 and 500, which every operation may answer.
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
    operation("get", "/api/products", "List products, newest first", "", (200, JSON), &[]),
    operation("post", "/api/products", "Add a product", JSON, (201, JSON), &[401, 413, 422]),
    operation("get", "/api/products/{id}", "A product with its photos and jobs", "", (200, JSON), &[404]),
    operation("get", "/api/products/{id}/photos", "List a product's photos", "", (200, JSON), &[404]),
    operation("post", "/api/products/{id}/photos", "Send photos in a form", "multipart/form-data", (201, JSON), &[401, 404, 409, 413, 422, 507]),
    operation("put", "/api/products/{id}/photos/{name}", "Send a photo at once", BYTES, (201, JSON), &[401, 404, 409, 413, 415, 422, 507]),
    operation("delete", "/api/products/{id}/photos/{name}", "Forget a photo", "", (204, ""), &[401, 404]),
    operation("put", "/api/products/{id}/model", "Send the model at once, a GLB", BYTES, (201, JSON), &[401, 404, 413, 415, 507]),
    operation("get", "/api/products/{id}/uploads", "Uploads in pieces that are under way", "", (200, JSON), &[404]),
    operation("post", "/api/products/{id}/uploads", "Begin an upload in pieces (tus 1.0.0)", PIECE, (201, ""), &[401, 404, 409, 412, 413, 415, 422, 460, 507]),
    operation("options", "/api/products/{id}/uploads", "What uploads in pieces can do", "", (204, ""), &[]),
    operation("options", "/api/uploads", "What uploads in pieces can do", "", (204, ""), &[]),
    operation("options", "/api/uploads/{id}", "What uploads in pieces can do", "", (204, ""), &[]),
    operation("head", "/api/uploads/{id}", "How far an upload is", "", (200, ""), &[404, 412, 415, 423, 460]),
    operation("patch", "/api/uploads/{id}", "Send the next piece of an upload", PIECE, (204, ""), &[401, 404, 409, 412, 413, 415, 423, 460, 507]),
    operation("delete", "/api/uploads/{id}", "End an upload and forget it", "", (204, ""), &[401, 404, 412, 423]),
    operation("post", "/api/products/{id}/jobs", "Start a job, or join the one under way", JSON, (202, JSON), &[401, 404, 409, 413]),
    operation("get", "/api/jobs", "Failed jobs with their reasons (state=failed)", "", (200, JSON), &[]),
    operation("get", "/api/jobs/{id}", "A job", "", (200, JSON), &[404]),
    operation("delete", "/api/jobs/{id}", "Cancel a job", "", (200, JSON), &[401, 404]),
    operation("post", "/api/jobs/{id}/retry", "Start a failed job again", "", (202, JSON), &[401, 404]),
    operation("get", "/api/jobs/{id}/events", "Follow a job", "", (200, "text/event-stream"), &[404]),
    operation("get", "/api/jobs/{id}/manifest.json", "What a job made, before it is public", "", (200, JSON), &[404, 409]),
    operation("post", "/api/products/{id}/publish", "Make the latest results public", "", (200, JSON), &[401, 404, 409]),
    operation("put", "/api/products/{id}", "Change what is said of a product", JSON, (200, JSON), &[401, 404, 413, 422]),
    operation("post", "/api/jobs/{id}/link", "A signed address of a draft", JSON, (201, JSON), &[401, 404, 422]),
    operation("get", "/api/session", "Who I am", "", (200, JSON), &[]),
    operation("post", "/api/session", "Sign in", JSON, (200, JSON), &[401, 422]),
    operation("delete", "/api/session", "Sign out", "", (204, ""), &[401]),
    operation("delete", "/api/sessions", "Sign out everywhere", "", (204, ""), &[401]),
    operation("put", "/api/session/password", "Change my password", JSON, (204, ""), &[401, 422]),
    operation("get", "/api/organisations", "Organisations that I may see", "", (200, JSON), &[401]),
    operation("post", "/api/organisations", "Add an organisation", JSON, (201, JSON), &[401, 409, 422]),
    operation("put", "/api/organisations/{id}/people/{user}", "Give somebody a role", JSON, (204, ""), &[401, 404, 422]),
    operation("delete", "/api/organisations/{id}/people/{user}", "Take somebody's role", "", (204, ""), &[401, 404]),
    operation("get", "/api/organisations/{id}/keys", "An organisation's keys", "", (200, JSON), &[401, 404]),
    operation("post", "/api/organisations/{id}/keys", "Add a key; it is shown this once", JSON, (201, JSON), &[401, 404, 422]),
    operation("delete", "/api/organisations/{id}/keys/{key}", "Take a key back", "", (204, ""), &[401, 404]),
    operation("get", "/api/users", "Accounts", "", (200, JSON), &[401]),
    operation("post", "/api/users", "Add an account", JSON, (201, JSON), &[401, 409, 422]),
    operation("put", "/api/users/{id}", "Open an account again", "", (204, ""), &[401, 404]),
    operation("delete", "/api/users/{id}", "Close an account", "", (204, ""), &[401, 404, 409]),
    operation("put", "/api/users/{id}/password", "Give somebody a new password", JSON, (204, ""), &[401, 404, 422]),
    operation("get", "/api/audit", "Who changed what", "", (200, JSON), &[401]),
    operation("get", "/drafts/{id}", "A draft's page, by a signed address", "", (200, HTML), &[401, 404]),
    operation("get", "/sign-in", "The page to sign in", "", (200, HTML), &[]),
    operation("get", "/people", "The page of people, keys and the log", "", (200, HTML), &[]),
    operation("get", "/api/openapi.json", "This description", "", (200, JSON), &[]),
    operation("get", "/products/{id}/manifest.json", "What of a product is public", "", (200, JSON), &[404]),
    operation("get", "/objects/{name}", "A published file, whole or in part", "", (200, BYTES), &[404, 416]),
    operation("get", "/viewer/{path}", "A file of the viewer", "", (200, BYTES), &[404]),
    operation("get", "/oembed", "oEmbed 1.0 for a product's address", "", (200, JSON), &[404, 501]),
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
const ANYWHERE: [u16; 4] = [400, 403, 429, 500];

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
            "schemas": {
                "Problem": {
                    "type": "object",
                    "description": "RFC 9457 problem details, in the client's language",
                    "required": ["type", "title", "status", "detail", "code", "requestId"],
                    "properties": {
                        "type": { "type": "string", "format": "uri" },
                        "title": { "type": "string" },
                        "status": { "type": "integer" },
                        "detail": { "type": "string" },
                        "code": { "type": "string" },
                        "requestId": { "type": "string" },
                    },
                },
            },
        },
    })
}

fn described(operation: &Operation) -> Value {
    let parameters: Vec<Value> = operation
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let (status, media) = operation.gives;
    let mut responses = Map::new();
    let mut good = json!({ "description": "done" });
    if !media.is_empty() {
        good["content"] = json!({ media: {} });
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
        described["requestBody"] = json!({ "content": { operation.takes: {} } });
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
        assert_eq!(names, ["id", "name"]);
        assert!(put["responses"]["201"].is_object() && put["responses"]["507"].is_object());
        assert!(
            document["paths"]["/"]["get"]["parameters"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
}
