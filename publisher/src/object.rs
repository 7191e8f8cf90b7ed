use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::peek::Text;

/// A JSON object whose members keep their order and, unless they are changed, their bytes, which it borrows.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

impl<'a> Object<'a> {
    pub(crate) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Sets the value under a name.
    pub(crate) fn set(&mut self, name: &'a str, value: &impl Serialize) -> serde_json::Result<()> {
        self.put(name, Cow::Owned(to_raw_value(value)?));
        Ok(())
    }

    /// The same with a value that is JSON already.
    pub(crate) fn put(&mut self, name: &'a str, value: Cow<'a, RawValue>) {
        match self.at(name) {
            Some(at) => self.0[at].1 = value,
            None => self.0.push((name.into(), value)),
        }
    }

    /// The value under a name, as JSON.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.at(name).map(|at| self.0[at].1.get())
    }

    /// Takes away what is under a name.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(at) = self.at(name) {
            self.0.remove(at);
        }
    }

    /// Changes the object under a name; where there is none it is made.
    pub(crate) fn within(
        &mut self,
        name: &'a str,
        change: impl FnOnce(&mut Object<'_>) -> serde_json::Result<()>,
    ) -> serde_json::Result<()> {
        let mut inner = match self.at(name) {
            Some(at) => Object::parse(self.0[at].1.get())?,
            None => Object::default(),
        };
        change(&mut inner)?;
        let changed = to_raw_value(&inner)?;
        self.put(name, Cow::Owned(changed));
        Ok(())
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == name)
    }
}

impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::with_capacity(12);
                while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((name.0, Cow::Borrowed(value)));
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
        let change = |inner: &mut Object<'_>| {
            inner.remove("b");
            inner.within("c", |inner| inner.set("d", &7))
        };
        object.within("a", change).unwrap();
        object.set("m", &"n").unwrap();
        object.remove("nothing");
        assert_eq!(object.to_string(), r#"{"z":1.50,"a":{"y":[1, 2],"c":{"d":7}},"m":"n"}"#);
        assert!(object.within("z", |_| Ok(())).is_err());
    }
}
