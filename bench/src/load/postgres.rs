//! Just enough of the protocol of `PostgreSQL` to run statements.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

const PATIENCE: Duration = Duration::from_secs(5);

/// So many statements go over one connection, on average: the server starts a process for each.
const KEPT: u32 = 60;

/// Version 3.0 of the protocol, user and database; nobody is asked for a password.
const START: &[u8] = b"\x00\x03\x00\x00user\0postgres\0database\0postgres\0\0";

const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS notes (id bigserial PRIMARY KEY, body text, at timestamptz DEFAULT now())";

#[derive(Debug, Default)]
pub(super) struct Client {
    connection: Option<TcpStream>,
    prepared: bool,
}

impl Client {
    pub(super) fn transaction(&mut self, noise: &mut StdRng) -> io::Result<()> {
        let statement = match noise.random_range(0..100) {
            0..60 => "SELECT id, body, at FROM notes ORDER BY id DESC LIMIT 10".to_owned(),
            60..85 => format!("INSERT INTO notes (body) VALUES ('{:0>300}')", noise.random_range(0..100_000)),
            85..95 => "SELECT count(*), max(length(body)) FROM notes".to_owned(),
            _ => "DELETE FROM notes WHERE id < (SELECT max(id) - 200 FROM notes)".to_owned(),
        };
        let outcome = self.ask(&statement);
        if outcome.is_err() || noise.random_range(0..KEPT) == 0 {
            self.connection = None;
        }
        outcome
    }

    fn ask(&mut self, statement: &str) -> io::Result<()> {
        let connection = if let Some(connection) = self.connection.take() {
            self.connection.insert(connection)
        } else {
            self.connection.insert(connect()?)
        };
        if !self.prepared {
            query(connection, SCHEMA)?;
            self.prepared = true;
        }
        query(connection, statement)
    }
}

fn connect() -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, 5432).into(), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    stream.write_all(&message(None, START))?;
    until_ready(&mut stream)?;
    Ok(stream)
}

fn query(stream: &mut TcpStream, statement: &str) -> io::Result<()> {
    stream.write_all(&message(Some(b'Q'), format!("{statement}\0").as_bytes()))?;
    until_ready(stream)
}

/// A message: its kind, but for the first one, its length with itself, and its body.
fn message(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 4).to_be_bytes();
    kind.into_iter().chain(length).chain(body.iter().copied()).collect()
}

/// Reads until the server is ready for the next statement.
fn until_ready(stream: &mut TcpStream) -> io::Result<()> {
    let (mut error, mut body) = (None, Vec::new());
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]).saturating_sub(4);
        body.resize(length as usize, 0);
        stream.read_exact(&mut body)?;
        match head[0] {
            b'Z' => return error.map_or(Ok(()), Err),
            b'E' => error = Some(io::Error::other(String::from_utf8_lossy(&body).into_owned())),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn a_message_begins_with_its_kind_and_length() {
        assert_eq!(message(Some(b'Q'), b"ab\0"), b"Q\0\0\0\x07ab\0");
        assert_eq!(message(None, b""), b"\0\0\0\x04");
    }
}
