//! A server that does what a script says: a store for documents as `_bulk` fills it, and every way to fail.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

/// A request as it came in, its body decompressed.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `PUT`, `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The header of that name.
    pub authorization: String,
    /// The body.
    pub body: String,
}

impl Request {
    /// The identities of the documents of a `_bulk` request.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.documents().map(|(key, _)| key.1).collect()
    }

    /// Index and identity of each document, and its source.
    fn documents(&self) -> impl Iterator<Item = ((String, String), &str)> {
        let mut lines = self.body.lines();
        std::iter::from_fn(move || {
            let action: Value = serde_json::from_str(lines.next()?).ok()?;
            let part = |name: &str| action["create"][name].as_str().map(str::to_owned);
            Some(((part("_index")?, part("_id")?), lines.next()?))
        })
    }
}

/// What the server does about a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Status and body.
    Say(u16, String),
    /// Takes the documents as a real server does.
    Take,
    /// Takes those for which there is no other status; one that is stored is a duplicate whatever the script says.
    TakeBut(Vec<Option<u16>>),
    /// The same, late.
    TakeLate(Duration),
    /// Takes the documents, and the connection is cut before the answer.
    TakeAndCut,
    /// Takes the documents, and the connection is cut in the middle of the answer.
    TakeAndCutWithin,
    /// The connection is cut in the middle of an answer, and nothing was taken.
    CutWithin,
    /// The connection is cut before any answer, and nothing was taken.
    Cut,
    /// No answer comes.
    Hang,
}

/// What happened at the server.
#[derive(Debug, Default)]
pub struct Seen {
    /// All requests in the order in which they came.
    pub requests: Vec<Request>,
    /// Stored documents by index and identity.
    pub store: HashMap<(String, String), String>,
    /// How many requests were being answered at once, at most.
    pub most_at_once: usize,
    at_once: usize,
}

type Script = Box<dyn FnMut(&Request) -> Reply + Send>;

/// A server on a free port of the loopback. It serves until the process ends.
#[derive(Debug)]
pub struct Fake {
    /// Where it is.
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Fake {
    /// Serves by a script; templates are always accepted.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn new(mut script: impl FnMut(&Request) -> Reply + Send + 'static) -> io::Result<Self> {
        Self::raw(move |request| match request.method.as_str() {
            "GET" => Reply::Say(200, "{\"version\":{\"number\":\"9.5.3\"}}".into()),
            "PUT" => Reply::Say(200, "{\"acknowledged\":true}".into()),
            _ => script(request),
        })
    }

    /// Serves by a script, templates too.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn raw(script: impl FnMut(&Request) -> Reply + Send + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (shared.clone(), script.clone());
                std::thread::spawn(move || serve(&stream, &seen, &script));
            }
        });
        Ok(Self { url, seen })
    }

    /// What happened so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// The `_bulk` requests so far.
    #[must_use]
    pub fn bulks(&self) -> Vec<Request> {
        self.seen().requests.iter().filter(|request| request.method == "POST").cloned().collect()
    }

    /// How many documents are stored.
    #[must_use]
    pub fn count(&self) -> usize {
        self.seen().store.len()
    }
}

/// A script that panicked has failed its test already; what was seen is still true.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn serve(stream: &TcpStream, seen: &Mutex<Seen>, script: &Mutex<Script>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = receive(&mut reader) {
        {
            let mut seen = lock(seen);
            seen.requests.push(request.clone());
            seen.at_once += 1;
            seen.most_at_once = seen.most_at_once.max(seen.at_once);
        }
        let reply = lock(script)(&request);
        let answered = answer(stream, &request, reply, seen);
        lock(seen).at_once -= 1;
        if answered.is_err() {
            return;
        }
    }
}

/// Does what the script says; an error ends the connection.
fn answer(mut stream: &TcpStream, request: &Request, reply: Reply, seen: &Mutex<Seen>) -> io::Result<()> {
    let cut = || io::Error::from(io::ErrorKind::ConnectionAborted);
    let take = |statuses: &[Option<u16>]| lock(seen).take(request, statuses);
    let mut within = || stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"items\":[");
    let (status, body) = match reply {
        Reply::Say(status, body) => (status, body),
        Reply::Take => (200, take(&[])),
        Reply::TakeBut(statuses) => (200, take(&statuses)),
        Reply::TakeLate(delay) => {
            std::thread::sleep(delay);
            (200, take(&[]))
        }
        Reply::TakeAndCut => {
            take(&[]);
            return Err(cut());
        }
        Reply::TakeAndCutWithin => {
            take(&[]);
            within()?;
            return Err(cut());
        }
        Reply::CutWithin => {
            within()?;
            return Err(cut());
        }
        Reply::Cut => return Err(cut()),
        Reply::Hang => {
            // Ends when the client gives up on this connection.
            let _ = stream.read(&mut [0]);
            return Err(cut());
        }
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + &body).as_bytes())
}

impl Seen {
    /// Creates documents as `_bulk` does; `statuses` say which shall fare otherwise.
    fn take(&mut self, request: &Request, statuses: &[Option<u16>]) -> String {
        let mut items = Vec::new();
        for (key, source) in request.documents() {
            let status = match statuses.get(items.len()) {
                _ if self.store.contains_key(&key) => 409,
                Some(Some(status)) => *status,
                _ => {
                    self.store.insert(key, source.into());
                    201
                }
            };
            items.push(if status == 201 {
                json!({"create": {"status": 201}})
            } else {
                let error = json!({"type": "scripted", "reason": format!("item {status}")});
                json!({"create": {"status": status, "error": error}})
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
