//! A server that takes everything and keeps nothing.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A null server on loopback, until this process ends: it decompresses, counts, and says that all is well.
#[derive(Debug)]
pub struct NullServer {
    url: String,
    taken: Arc<AtomicU64>,
}

impl NullServer {
    /// Starts it on a free port.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let taken = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&theirs);
                // A connection that breaks is the client's end.
                std::thread::spawn(move || serve(&stream, &taken));
            }
        });
        Ok(Self { url, taken })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many documents it took.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

fn serve(mut stream: &TcpStream, taken: &AtomicU64) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let mut body = Vec::new();
    loop {
        let (mut length, mut gzip, mut header) = (0, false, String::new());
        loop {
            header.clear();
            if reader.read_line(&mut header)? == 0 {
                return Ok(());
            }
            let line = header.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().map_err(io::Error::other)?;
            }
            gzip |= line == "content-encoding: gzip";
        }
        body.clear();
        let mut part = (&mut reader).take(length);
        if gzip {
            flate2::read::GzDecoder::new(&mut part).read_to_end(&mut body)?;
        }
        part.read_to_end(&mut body)?;
        // Two lines a document, and nothing behind the last line end.
        let documents = body.split(|&byte| byte == b'\n').count() / 2;
        taken.fetch_add(documents as u64, Ordering::Relaxed);
        let items = vec![r#"{"create":{"status":201}}"#; documents].join(",");
        let answer = format!("{{\"errors\":false,\"items\":[{items}]}}");
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        )?;
        stream.write_all(answer.as_bytes())?;
    }
}
