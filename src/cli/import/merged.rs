//! JSON in which a field may occur more than once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Number, Value};

use super::vocabulary::FieldMeaning;
use crate::cli::lines::Fields;

/// A JSON value in which repeated fields are merged.
///
/// Objects are merged, and the values of a field that states something about a comment become a list. Of other repeated
/// fields the last one counts, as usual in JSON.
pub struct MergedJson(pub Value);

impl<'de> Deserialize<'de> for MergedJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MergedVisitor).map(Self)
    }
}

struct MergedVisitor;

impl<'de> Visitor<'de> for MergedVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(MergedJson(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Fields::new();
        while let Some((name, MergedJson(value))) = map.next_entry::<String, MergedJson>()? {
            merge(&mut fields, name, value);
        }
        Ok(Value::Object(fields))
    }
}

/// Adds a field to an object, and merges it with an earlier one of the same name.
fn merge(fields: &mut Fields, name: String, new: Value) {
    let mut existing = match fields.entry(name) {
        Entry::Vacant(vacant) => {
            vacant.insert(new);
            return;
        }
        Entry::Occupied(existing) => existing,
    };
    let keeps_all = !matches!(FieldMeaning::of_field(existing.key()), None | Some(FieldMeaning::Author | FieldMeaning::Post));
    match (existing.get_mut(), new) {
        (Value::Object(old), Value::Object(new)) => new.into_iter().for_each(|(name, value)| merge(old, name, value)),
        (Value::Array(old), new) if keeps_all => old.push(new),
        (old, new) if keeps_all => *old = Value::Array(vec![old.take(), new]),
        (old, new) => *old = new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_say_nothing_of_a_comment_are_read_as_ever() {
        let text = r#"{"a":1,"b":[-2,1.5,{"c":null}],"d":"x\n","e":true,"a":18446744073709551615}"#;
        let MergedJson(merged) = serde_json::from_str(text).unwrap();
        assert_eq!(merged, serde_json::from_str::<Value>(text).unwrap());
    }
}
