//! A well-behaved server of the Turborepo wire, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::server::{Request, Response, Server};

type Stored = HashMap<String, (Vec<u8>, Option<String>, Option<String>)>;

/// The server, and what it holds.
pub struct WireServer {
    pub server: Server,
    stored: Arc<Mutex<Stored>>,
}

impl WireServer {
    /// One that wants the token and the team of [`super::support::remote_at`]; `batch`: it can be asked for
    /// many keys at once.
    pub fn start(batch: bool) -> Self {
        let stored = Arc::<Mutex<Stored>>::default();
        let held = Arc::clone(&stored);
        let server = Server::answering(move |request| answer(request, &held, batch));
        Self { server, stored }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn count(&self) -> usize {
        self.stored.lock().unwrap().len()
    }
}

fn answer(request: &Request, stored: &Mutex<Stored>, batch: bool) -> Response {
    let Some(route) = request.path().strip_prefix("/v8/artifacts") else {
        return Response::new(404);
    };
    if route == "/status" {
        return Response::new(200).body(r#"{"status":"enabled"}"#);
    }
    match request.header("authorization") {
        None => return Response::new(400).body(r#"{"message":"Missing Authorization header"}"#),
        Some("Bearer s3cret-token") => {}
        Some(_) => return Response::new(401).body(r#"{"message":"Invalid token"}"#),
    }
    if !request.target.ends_with("?slug=acme") {
        return Response::new(400).body(r#"{"message":"no team"}"#);
    }
    serve(request, route, &mut stored.lock().unwrap(), batch)
}

fn serve(request: &Request, route: &str, stored: &mut Stored, batch: bool) -> Response {
    match (request.method.as_str(), route) {
        ("POST", "/events") => Response::new(200).body("{}"),
        ("POST", "") if batch => {
            let asked: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let known: serde_json::Map<_, _> = asked["hashes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|hash| hash.as_str().unwrap().to_owned())
                .map(|hash| {
                    let size = stored.get(&hash).map(|(body, _, _)| body.len());
                    let about = size.map_or(
                        serde_json::Value::Null,
                        |size| serde_json::json!({ "size": size, "taskDurationMs": 1 }),
                    );
                    (hash, about)
                })
                .collect();
            Response::new(200).body(serde_json::Value::from(known).to_string())
        }
        ("POST", _) => Response::new(404),
        (method, route) => {
            let key = route.trim_start_matches('/').to_owned();
            if method == "PUT" {
                let header = |name| request.header(name).map(str::to_owned);
                assert_eq!(request.header("content-type"), Some("application/octet-stream"));
                assert!(request.header("content-length").is_some());
                let about = (header("x-artifact-tag"), header("x-artifact-duration"));
                stored.insert(key, (request.body.clone(), about.0, about.1));
                return Response::new(202).body(r#"{"urls":[]}"#);
            }
            let Some((body, tag, duration)) = stored.get(&key) else { return Response::new(404) };
            let mut response = Response::new(200).body(body.clone());
            for (name, value) in [("x-artifact-tag", tag), ("x-artifact-duration", duration)] {
                if let Some(value) = value {
                    response = response.with(name, value);
                }
            }
            response
        }
    }
}
