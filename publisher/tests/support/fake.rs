//! A server that does what a test says: a store for documents, and faults by script.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A request as it came in, its body decompressed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

impl Request {
    /// The identities of the documents of a `_bulk` request.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.actions().map(|action| action["create"]["_id"].as_str().unwrap().to_owned()).collect()
    }

    fn actions(&self) -> impl Iterator<Item = Value> {
        self.body.lines().step_by(2).map(|line| serde_json::from_str(line).unwrap())
    }
}

/// What the server does about a request.
pub(crate) enum Reply {
    /// Status and body.
    Say(u16, String),
    /// Takes the documents as a real server does.
    Take,
    /// Takes those for which there is no other status; one that is stored is a duplicate whatever the script says.
    TakeBut(Vec<Option<u16>>),
    /// Takes the documents, and the connection is cut before the answer.
    TakeAndCut,
    /// The connection is cut in the middle of the answer.
    CutWithin,
    /// No answer comes.
    Hang,
}

/// What happened at the server.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) requests: Vec<Request>,
    /// Stored documents by index and identity.
    pub(crate) store: HashMap<(String, String), String>,
}

type Script = Box<dyn FnMut(&Request) -> Reply + Send>;

/// A server on a free port of the loopback. It serves until the test process ends.
pub(crate) struct Fake {
    pub(crate) url: String,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

impl Fake {
    /// Serves by a script; templates are always accepted.
    pub(crate) fn new(mut script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::raw(move |request| match request.method.as_str() {
            "PUT" => Reply::Say(200, "{\"acknowledged\":true}".into()),
            _ => script(request),
        })
    }

    /// Serves by a script, templates too.
    pub(crate) fn raw(script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (shared.clone(), script.clone());
                std::thread::spawn(move || serve(&stream, &seen, &script));
            }
        });
        Self { url, seen }
    }

    /// The `_bulk` requests so far.
    pub(crate) fn bulks(&self) -> Vec<Request> {
        self.seen.lock().unwrap().requests.iter().filter(|request| request.method == "POST").cloned().collect()
    }

    /// How many documents are stored.
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().store.len()
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Seen>, script: &Mutex<Script>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = receive(&mut reader) {
        let reply = (script.lock().unwrap())(&request);
        let mut seen = seen.lock().unwrap();
        seen.requests.push(request.clone());
        let (status, body) = match reply {
            Reply::Say(status, body) => (status, body),
            Reply::Take => (200, seen.take(&request, &[])),
            Reply::TakeBut(statuses) => (200, seen.take(&request, &statuses)),
            Reply::TakeAndCut => {
                seen.take(&request, &[]);
                return;
            }
            Reply::CutWithin => {
                let _ = (&mut &*stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"items\":[");
                return;
            }
            Reply::Hang => {
                drop(seen);
                // Ends when the client gives up on this connection.
                let _ = reader.read(&mut [0]);
                return;
            }
        };
        drop(seen);
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        if (&mut &*stream).write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

impl Seen {
    /// Creates documents as `_bulk` does; `statuses` say which shall fare otherwise.
    fn take(&mut self, request: &Request, statuses: &[Option<u16>]) -> String {
        let mut lines = request.body.lines();
        let mut items = Vec::new();
        while let (Some(action), Some(source)) = (lines.next(), lines.next()) {
            let action: Value = serde_json::from_str(action).unwrap();
            let part = |name: &str| action["create"][name].as_str().unwrap().to_owned();
            let key = (part("_index"), part("_id"));
            let status = match statuses.get(items.len()) {
                _ if self.store.contains_key(&key) => 409,
                Some(Some(status)) => *status,
                _ => {
                    self.store.insert(key, source.into());
                    201
                }
            };
            items.push(match status {
                201 => json!({"create": {"status": 201}}),
                status => json!({"create": {"status": status, "error": {"type": "scripted", "reason": format!("item {status}")}}}),
            });
        }
        json!({"errors": true, "items": items}).to_string()
    }
}

fn receive(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|&n| n > 0)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let mut request = Request { method: words.next()?, path: words.next()?, ..Request::default() };
    let (mut length, mut gzip) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "content-encoding" => gzip = value == "gzip",
            "authorization" => request.authorization = value.into(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if gzip {
        flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut request.body).ok()?;
    } else {
        request.body = String::from_utf8(body).ok()?;
    }
    Some(request)
}
