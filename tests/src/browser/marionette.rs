//! Firefox behind a `WebDriver` address.
//!
//! Debian has no geckodriver, and Firefox speaks `WebDriver` already, only over a socket of its own: each message is its
//! length, a colon, and a JSON array (Firefox source docs, "Marionette protocol"). This turns the one into the other.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// A `WebDriver` server on loopback that ends when it is dropped.
pub(super) struct Bridge {
    pub(super) url: String,
    task: JoinHandle<()>,
}

impl Bridge {
    /// Connects to the Firefox that listens on `marionette_port`.
    pub(super) async fn start(marionette_port: u16) -> Result<Self> {
        let connection = Connection::open(marionette_port).await?;
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::new(Mutex::new(connection)));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let task = tokio::spawn(async move {
            // Ends with the task; an error of one connection is that connection's.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { url, task })
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
    last: u64,
}

impl Connection {
    async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let mut connection = Self {
            stream: BufReader::new(stream),
            last: 0,
        };
        let greeting = connection.receive().await?;
        if greeting["marionetteProtocol"] != 3 {
            bail!("Firefox speaks another protocol: {greeting}");
        }
        Ok(connection)
    }

    async fn receive(&mut self) -> Result<Value> {
        let mut length: usize = 0;
        loop {
            match self.stream.read_u8().await? {
                b':' => break,
                digit @ b'0'..=b'9' => length = length * 10 + usize::from(digit - b'0'),
                other => bail!("a length was expected, not {other}"),
            }
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message).await?;
        Ok(serde_json::from_slice(&message)?)
    }

    /// The result of a command, or Firefox's error object.
    async fn call(&mut self, command: &str, parameters: &Value) -> Result<Result<Value, Value>> {
        self.last += 1;
        let message = json!([0, self.last, command, parameters]).to_string();
        let framed = format!("{}:{message}", message.len());
        self.stream.write_all(framed.as_bytes()).await?;
        loop {
            let Value::Array(mut answer) = self.receive().await? else {
                bail!("an answer is an array");
            };
            if answer.len() != 4 {
                bail!("an answer has four parts");
            }
            if answer[1] == self.last {
                let (result, error) = (answer[3].take(), answer[2].take());
                return Ok(if error.is_null() {
                    Ok(result)
                } else {
                    Err(error)
                });
            }
        }
    }
}

async fn answer(
    State(connection): State<Arc<Mutex<Connection>>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let words: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let Some((command, parameters)) = command(&method, &words, body) else {
        let value = json!({ "error": "unknown command", "message": uri.path(), "stacktrace": "" });
        return (StatusCode::NOT_FOUND, Json(json!({ "value": value }))).into_response();
    };
    let result = connection.lock().await.call(command, &parameters).await;
    let (status, value) = match result.with_context(|| command.to_owned()) {
        Ok(Ok(mut result)) => {
            // Marionette wraps single values, WebDriver all of them.
            let single = result.as_object().is_some_and(|map| map.len() == 1);
            let value = match result.get_mut("value") {
                Some(value) if single => value.take(),
                _ => result,
            };
            (StatusCode::OK, value)
        }
        Ok(Err(error)) => {
            let missing = error["error"]
                .as_str()
                .is_some_and(|name| name.starts_with("no such"));
            let status = if missing {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::INTERNAL_SERVER_ERROR
            };
            (status, error)
        }
        Err(error) => {
            let value = json!({ "error": "unknown error", "message": format!("{error:#}"), "stacktrace": "" });
            (StatusCode::INTERNAL_SERVER_ERROR, value)
        }
    };
    (status, Json(json!({ "value": value }))).into_response()
}

/// Marionette's name and parameters of a `WebDriver` request (W3C `WebDriver`, section 6.5, and Firefox's driver.sys.mjs).
fn command(method: &Method, words: &[&str], mut body: Value) -> Option<(&'static str, Value)> {
    let post = *method == Method::POST;
    let delete = *method == Method::DELETE;
    let rest = words.get(2..).unwrap_or_default();
    let element = |id: &str, key: &str, value: Value| json!({ "id": id, key: value });
    Some(match rest {
        [] if post && words == ["session"] => {
            let capabilities = body["capabilities"]["alwaysMatch"].take();
            let none = capabilities.is_null();
            let capabilities = if none { json!({}) } else { capabilities };
            ("WebDriver:NewSession", capabilities)
        }
        [] if delete => ("WebDriver:DeleteSession", json!({})),
        ["url"] if post => ("WebDriver:Navigate", body),
        ["url"] => ("WebDriver:GetCurrentURL", json!({})),
        ["title"] => ("WebDriver:GetTitle", json!({})),
        ["source"] => ("WebDriver:GetPageSource", json!({})),
        ["refresh"] => ("WebDriver:Refresh", json!({})),
        ["back"] => ("WebDriver:Back", json!({})),
        ["timeouts"] if post => ("WebDriver:SetTimeouts", body),
        ["window", "rect"] if post => ("WebDriver:SetWindowRect", body),
        ["window", "rect"] => ("WebDriver:GetWindowRect", json!({})),
        ["window"] if !post && !delete => ("WebDriver:GetWindowHandle", json!({})),
        ["frame"] if post => {
            let id = body["id"].take();
            let is_element = id.is_object();
            let frame = if is_element {
                json!({ "element": id.as_object()?.values().next()? })
            } else {
                json!({ "id": id })
            };
            ("WebDriver:SwitchToFrame", frame)
        }
        ["element"] if post => ("WebDriver:FindElement", body),
        ["elements"] if post => ("WebDriver:FindElements", body),
        ["element", id, "rect"] => ("WebDriver:GetElementRect", json!({ "id": id })),
        ["element", id, "text"] => ("WebDriver:GetElementText", json!({ "id": id })),
        ["element", id, "attribute", name] => {
            let name = Value::from(*name);
            ("WebDriver:GetElementAttribute", element(id, "name", name))
        }
        ["element", id, "property", name] => {
            let name = Value::from(*name);
            ("WebDriver:GetElementProperty", element(id, "name", name))
        }
        ["element", id, "click"] => ("WebDriver:ElementClick", json!({ "id": id })),
        ["element", id, "clear"] => ("WebDriver:ElementClear", json!({ "id": id })),
        ["element", id, "value"] => {
            let text = body["text"].take();
            ("WebDriver:ElementSendKeys", element(id, "text", text))
        }
        ["execute", "sync"] => ("WebDriver:ExecuteScript", body),
        ["execute", "async"] => ("WebDriver:ExecuteAsyncScript", body),
        ["actions"] if post => ("WebDriver:PerformActions", body),
        ["actions"] if delete => ("WebDriver:ReleaseActions", json!({})),
        ["screenshot"] => ("WebDriver:TakeScreenshot", json!({ "full": false })),
        _ => return None,
    })
}
