use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A JSON object whose members keep their order and, unless they are changed, their bytes.
#[derive(Debug, Default)]
pub(crate) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The value under a path of names.
    pub(crate) fn get<T: for<'a> Deserialize<'a>>(&self, path: &[&str]) -> Option<T> {
        let (name, rest) = path.split_first()?;
        let value = &self.0.iter().find(|(known, _)| known == name)?.1;
        if rest.is_empty() { serde_json::from_str(value.get()).ok() } else { Self::parse(value.get()).ok()?.get(rest) }
    }

    /// Sets the value under a path; objects that lack on the way are made.
    pub(crate) fn set(&mut self, path: &[&str], value: &impl Serialize) -> serde_json::Result<()> {
        let Some((name, rest)) = path.split_first() else { return Ok(()) };
        let at = self.0.iter().position(|(known, _)| known == name);
        let new = if rest.is_empty() {
            to_raw_value(value)?
        } else {
            let mut inner = at.and_then(|at| Self::parse(self.0[at].1.get()).ok()).unwrap_or_default();
            inner.set(rest, value)?;
            to_raw_value(&inner)?
        };
        match at {
            Some(at) => self.0[at].1 = new,
            None => self.0.push(((*name).to_owned(), new)),
        }
        Ok(())
    }

    /// Takes away what is under a path.
    pub(crate) fn remove(&mut self, path: &[&str]) -> serde_json::Result<()> {
        let Some((name, rest)) = path.split_first() else { return Ok(()) };
        let Some(at) = self.0.iter().position(|(known, _)| known == name) else { return Ok(()) };
        if rest.is_empty() {
            self.0.remove(at);
        } else if let Ok(mut inner) = Self::parse(self.0[at].1.get()) {
            inner.remove(rest)?;
            self.0[at].1 = to_raw_value(&inner)?;
        }
        Ok(())
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(12));
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::Object;

    #[test]
    fn what_is_not_changed_keeps_its_order_and_its_bytes() {
        let text = r#"{"z":1.50,"a":{"y":[1, 2],"b":"\u0041"},"m":null}"#;
        let mut object = Object::parse(text).unwrap();
        assert_eq!(object.get::<String>(&["a", "b"]).as_deref(), Some("A"));
        assert_eq!(object.get::<String>(&["a", "none"]), None);
        object.set(&["a", "c", "d"], &7).unwrap();
        object.set(&["m"], &"n").unwrap();
        object.remove(&["a", "b"]).unwrap();
        object.remove(&["nothing", "there"]).unwrap();
        assert_eq!(object.to_string(), r#"{"z":1.50,"a":{"y":[1, 2],"c":{"d":7}},"m":"n"}"#);
    }
}
