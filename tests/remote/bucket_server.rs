//! Stand-ins for object stores, in memory: what S3, Azure and GitHub answer, without checking signatures.

use std::collections::HashMap;
use std::sync::Mutex;

use super::server::{Request, Response, Server};

type Objects = HashMap<String, Vec<u8>>;

/// S3 and Azure: objects by path; parts and blocks are held under names of their own.
pub fn bucket() -> Server {
    let objects = Mutex::new(Objects::new());
    Server::answering(move |request| {
        if request.header("authorization").is_none() {
            return failure(403, "AccessDenied");
        }
        serve(request, &mut objects.lock().unwrap())
    })
}

fn failure(status: u16, code: &str) -> Response {
    Response::new(status).body(format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>m</Message></Error>"
    ))
}

fn serve(request: &Request, objects: &mut Objects) -> Response {
    let path = request.path().to_owned();
    if !path.starts_with("/store/") {
        return failure(404, "NoSuchBucket");
    }
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| {
        query.split('&').find_map(|pair| {
            let (known, value) = pair.split_once('=').unwrap_or((pair, ""));
            (known == name).then(|| value.to_owned())
        })
    };
    match request.method.as_str() {
        "POST" if value("uploads").is_some() => Response::new(200).body(
            "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
        ),
        "POST" => {
            join(objects, &path, &request.body, "<PartNumber>", "</PartNumber>");
            Response::new(200).body(
                "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>",
            )
        }
        "PUT" if value("comp").as_deref() == Some("blocklist") => {
            join(objects, &path, &request.body, "<Latest>", "</Latest>");
            Response::new(201)
        }
        "PUT" => {
            let part = value("partNumber").or_else(|| value("blockid"));
            let name = part.map_or_else(|| path.clone(), |part| format!("{path}#{}", decoded(&part)));
            objects.insert(name, request.body.clone());
            Response::new(if value("comp").is_some() { 201 } else { 200 }).with("etag", "\"e\"")
        }
        "DELETE" => Response::new(204),
        _ => objects.get(&path).map_or_else(
            || failure(404, if path.contains("azure") { "BlobNotFound" } else { "NoSuchKey" }),
            |body| Response::new(200).body(body.clone()),
        ),
    }
}

/// Makes an object of its parts, which `list` names between `open` and `close`.
fn join(objects: &mut Objects, path: &str, list: &[u8], open: &str, close: &str) {
    let list = String::from_utf8(list.to_vec()).unwrap();
    let names = list.split(open).skip(1).map(|rest| rest.split_once(close).unwrap().0);
    let body = names.flat_map(|name| objects[&format!("{path}#{name}")].clone()).collect();
    objects.insert(path.to_owned(), body);
}

fn decoded(text: &str) -> String {
    text.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/")
}

/// GitHub's cache in its second protocol: it hands out signed URLs of an Azure store, here its own.
pub fn github() -> Server {
    let objects = Mutex::new(Objects::new());
    let at = std::sync::OnceLock::new();
    Server::answering(move |request| {
        let host = at.get_or_init(|| request.header("host").unwrap().to_owned());
        let mut objects = objects.lock().unwrap();
        let Some(method) =
            request.path().strip_prefix("/twirp/github.actions.results.api.v1.CacheService/")
        else {
            assert!(request.header("authorization").is_none(), "a signed URL needs no token");
            return serve(request, &mut objects);
        };
        if request.header("authorization") != Some("Bearer runtime-token") {
            return Response::new(401);
        }
        let key = hex_key(&request.body);
        let signed = format!("http://{host}/store/{key}?sig=signed");
        let ok = |url: &str| {
            let mut message = vec![0x08, 1];
            if !url.is_empty() {
                message.extend([0x12, u8::try_from(url.len()).unwrap()]);
                message.extend(url.as_bytes());
            }
            Response::new(200).with("content-type", "application/protobuf").body(message)
        };
        match method {
            "CreateCacheEntry" => ok(&signed),
            "FinalizeCacheEntryUpload" => ok(""),
            "GetCacheEntryDownloadURL" if objects.contains_key(&format!("/store/{key}")) => {
                ok(&signed)
            }
            "GetCacheEntryDownloadURL" => {
                Response::new(200).with("content-type", "application/protobuf")
            }
            other => panic!("{other}"),
        }
    })
}

/// The key in a message: the first text that looks like one.
fn hex_key(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message).into_owned();
    let at = text.find(".tar.zst").unwrap();
    let tail: String =
        text[at..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '.').collect();
    format!("{}{tail}", &text[at - 32..at])
}
