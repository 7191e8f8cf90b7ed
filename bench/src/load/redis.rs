//! Just enough of the Redis protocol to read and write.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

/// So few keys that most reads find something.
const KEYS: u32 = 500;

#[derive(Debug, Default)]
pub(super) struct Client {
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(super) fn operation(&mut self, noise: &mut StdRng) -> io::Result<()> {
        let key = noise.random_range(0..KEYS);
        let command = match noise.random_range(0..100) {
            0..50 => format!("GET text:{key}\r\n"),
            50..75 => format!("SET text:{key} {:0>width$}\r\n", key, width = noise.random_range(10..400)),
            75..85 => format!("INCR count:{key}\r\n"),
            85..92 => format!("LPUSH list:{} {key}\r\n", key % 10),
            92..97 => format!("LTRIM list:{} 0 20\r\n", key % 10),
            _ => format!("LRANGE list:{} 0 20\r\n", key % 10),
        };
        let outcome = self.ask(&command);
        if outcome.is_err() {
            self.connection = None;
        }
        outcome
    }

    fn ask(&mut self, command: &str) -> io::Result<()> {
        let connection = if let Some(connection) = self.connection.take() {
            self.connection.insert(connection)
        } else {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, 6379))?;
            stream.set_read_timeout(Some(Duration::from_secs(2)))?;
            stream.set_nodelay(true)?;
            self.connection.insert(BufReader::new(stream))
        };
        connection.get_mut().write_all(command.as_bytes())?;
        reply(connection)
    }
}

/// Reads one reply: a simple line, `$length` and a text, or `*count` and that many replies.
fn reply(connection: &mut BufReader<TcpStream>) -> io::Result<()> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let number = || line[1..].trim().parse::<i64>().map_err(io::Error::other);
    match line.as_bytes()[0] {
        b'$' if number()? >= 0 => {
            let with_end = number()?.cast_unsigned() + 2;
            io::copy(&mut connection.take(with_end), &mut io::sink())?;
        }
        b'*' => {
            for _ in 0..number()? {
                reply(connection)?;
            }
        }
        b'-' => return Err(io::Error::other(line)),
        _ => {}
    }
    Ok(())
}
