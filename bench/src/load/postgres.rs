//! Just enough of the PostgreSQL protocol, version 3, for simple queries without a password.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

const PATIENCE: Duration = Duration::from_secs(2);
const VERSION: i32 = 3 << 16;
const WHO: &[u8] = b"user\0postgres\0database\0postgres\0\0";
/// How many in a hundred statements have a connection of their own.
const APART: u32 = 20;
const ROWS: u32 = 500;
const TABLE: &str = "CREATE TABLE IF NOT EXISTS stock (id int PRIMARY KEY, amount int NOT NULL)";

#[derive(Debug, Default)]
pub(super) struct Client(Option<TcpStream>);

impl Client {
    pub(super) fn statement(&mut self, noise: &mut StdRng) -> io::Result<()> {
        let id = noise.random_range(0..ROWS);
        let statement = match noise.random_range(0..100) {
            0..70 => format!("SELECT amount FROM stock WHERE id = {id}"),
            70..95 => {
                format!("INSERT INTO stock VALUES ({id}, 1) ON CONFLICT (id) DO UPDATE SET amount = stock.amount + 1")
            }
            _ => "SELECT count(*), sum(amount) FROM stock".to_owned(),
        };
        let kept = if let Some(kept) = self.0.take() {
            kept
        } else {
            let mut kept = connect()?;
            ask(&mut kept, TABLE)?;
            kept
        };
        if noise.random_range(0..100) < APART {
            self.0 = Some(kept);
            return ask(&mut connect()?, &statement);
        }
        let kept = self.0.insert(kept);
        let outcome = ask(kept, &statement);
        if outcome.is_err() {
            self.0 = None;
        }
        outcome
    }
}

fn connect() -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, 5432).into(), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut hello = (WHO.len() as i32 + 8).to_be_bytes().to_vec();
    hello.extend(VERSION.to_be_bytes());
    hello.extend(WHO);
    stream.write_all(&hello)?;
    ready(&mut stream)?;
    Ok(stream)
}

fn ask(stream: &mut TcpStream, statement: &str) -> io::Result<()> {
    let mut query = vec![b'Q'];
    query.extend((statement.len() as i32 + 5).to_be_bytes());
    query.extend(statement.as_bytes());
    query.push(0);
    stream.write_all(&query)?;
    ready(stream)
}

/// Reads messages until the server waits for the next statement: a letter, a length that counts itself, a text.
fn ready(stream: &mut TcpStream) -> io::Result<()> {
    let (mut head, mut failed) = ([0; 5], false);
    loop {
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        io::copy(&mut stream.take(u64::from(length.saturating_sub(4))), &mut io::sink())?;
        match head[0] {
            b'Z' if failed => return Err(io::Error::other("the statement failed")),
            b'Z' => return Ok(()),
            b'E' => failed = true,
            _ => {}
        }
    }
}
