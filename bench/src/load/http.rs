//! Just enough HTTP/1.1 to ask a server for pages.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

const PATIENCE: Duration = Duration::from_secs(2);

/// Path and how often in a hundred requests; the last one does not exist.
const PAGES: [(&str, u32); 4] = [("/", 50), ("/app.js", 20), ("/prices.json", 25), ("/favicon.ico", 5)];

/// How many in a hundred requests go over the kept connection.
const KEPT: u32 = 30;

/// Requests over one kept connection before a new one is made.
const KEPT_REQUESTS: u32 = 40;

#[derive(Debug, Default)]
pub(super) struct Client {
    kept: Option<BufReader<TcpStream>>,
    requests: u32,
}

impl Client {
    pub(super) fn page(&mut self, noise: &mut StdRng) -> io::Result<()> {
        let path = draw(noise.random_range(0..100));
        if noise.random_range(0..100) >= KEPT {
            return get(&mut connect()?, path, false);
        }
        if self.requests == KEPT_REQUESTS {
            self.kept = None;
        }
        let connection = if let Some(connection) = self.kept.take() {
            self.kept.insert(connection)
        } else {
            self.requests = 0;
            self.kept.insert(connect()?)
        };
        self.requests += 1;
        let outcome = get(connection, path, true);
        if outcome.is_err() {
            self.kept = None;
        }
        outcome
    }
}

pub(super) fn flood_page() -> io::Result<()> {
    get(&mut connect()?, "/", false)
}

fn draw(mut percent: u32) -> &'static str {
    for (path, share) in PAGES {
        if percent < share {
            return path;
        }
        percent -= share;
    }
    "/"
}

fn connect() -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, 80).into(), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

fn get(connection: &mut BufReader<TcpStream>, path: &str, keep: bool) -> io::Result<()> {
    let close = if keep { "" } else { "Connection: close\r\n" };
    connection.get_mut().write_all(format!("GET {path} HTTP/1.1\r\nHost: demo\r\n{close}\r\n").as_bytes())?;
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    io::copy(&mut connection.take(length), &mut io::sink())?;
    Ok(())
}
