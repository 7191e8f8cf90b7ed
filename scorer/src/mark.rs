//! Marks of the gate on event lines, inserted as bytes: an event is never parsed whole to be passed on.

use std::borrow::Cow;

/// How every event line of this project begins.
const HEAD: &[u8] = br#"{"type":"event","vaectl":{"v":1"#;

/// Appends `line` and a line end to `out`, marked as part of `incident` and as history.
pub(crate) fn write(line: &[u8], incident: Option<&str>, history: bool, out: &mut Vec<u8>) {
    if incident.is_none() && !history {
        out.extend_from_slice(line);
    } else if let Some(rest) = line.strip_prefix(HEAD) {
        out.extend_from_slice(HEAD);
        if history {
            out.extend_from_slice(br#","history":true"#);
        }
        if let Some(incident) = incident {
            out.extend_from_slice(br#","incident":""#);
            out.extend_from_slice(incident.as_bytes());
            out.push(b'"');
        }
        out.extend_from_slice(rest);
    } else {
        out.extend_from_slice(&reordered(line, incident, history));
    }
    out.push(b'\n');
}

/// A line whose keys another program put in another order; one that is not an object stays as it is.
fn reordered<'a>(line: &'a [u8], incident: Option<&str>, history: bool) -> Cow<'a, [u8]> {
    let marked = || {
        let mut value: serde_json::Value = serde_json::from_slice(line).ok()?;
        let meta = value.get_mut("vaectl")?.as_object_mut()?;
        if history {
            meta.insert("history".into(), true.into());
        }
        if let Some(incident) = incident {
            meta.insert("incident".into(), incident.into());
        }
        serde_json::to_vec(&value).ok()
    };
    marked().map_or(Cow::Borrowed(line), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::write;
    use vaectl_schemas::Event;

    fn marked(line: &str, incident: Option<&str>, history: bool) -> String {
        let mut out = Vec::new();
        write(line.as_bytes(), incident, history, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn marks_stand_behind_the_version() {
        let line = r#"{"type":"event","vaectl":{"v":1,"late":true},"@timestamp":"2026-11-24T03:48:26Z"}"#;
        assert_eq!(marked(line, None, false), format!("{line}\n"));
        assert_eq!(
            marked(line, Some("i-1"), true),
            line.replace(r#""v":1"#, r#""v":1,"history":true,"incident":"i-1""#) + "\n"
        );
    }

    #[test]
    fn another_order_of_keys_gets_the_same_marks() {
        let line = r#"{"@timestamp":"2026-11-24T03:48:26Z", "vaectl":{"v": 1}, "type":"event"}"#;
        let event: Event<'_> = serde_json::from_str(&marked(line, Some("i-1"), true)).unwrap();
        assert!(event.vaectl.history);
        assert_eq!(event.vaectl.incident.as_deref(), Some("i-1"));
    }
}
