use vaectl_schemas::{DeadLetter, Kind, peek, unescape};

use crate::line::Line;

/// The line that a dead letter quotes, or the line itself where it is none.
///
/// # Errors
/// Where a dead letter does not quote all of its line, with the reason.
pub(crate) fn original(line: Line) -> Result<Line, (Line, String)> {
    if !matches!(peek(&line.bytes), Ok(Kind::DeadLetter)) {
        return Ok(line);
    }
    let bytes = match serde_json::from_slice::<DeadLetter<'_>>(&line.bytes) {
        Ok(letter) if letter.vaectl.truncated => {
            Err("the dead letter quotes only the beginning of its line".to_owned())
        }
        Ok(letter) if letter.vaectl.escaped => {
            unescape(&letter.vaectl.original).ok_or_else(|| "its escapes are broken".to_owned())
        }
        Ok(letter) => Ok(letter.vaectl.original.into_bytes()),
        Err(error) => Err(error.to_string()),
    };
    match bytes {
        Ok(bytes) => Ok(Line { bytes, ..line }),
        Err(reason) => Err((line, reason)),
    }
}
