//! Messages as JSON and back: the proto3 JSON mapping, in the names of the proto files.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, Kind, MessageDescriptor, SerializeOptions};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::failure::Failure;
use super::text;
use crate::pb;

/// A message that is printed or read as JSON.
pub trait JsonMessage: Message + Default {
    /// Its full name in the proto files.
    const NAME: &'static str;
}

/// Names messages of our own package.
macro_rules! named {
    ($($message:ident)*) => {
        $(impl JsonMessage for pb::$message {
            const NAME: &'static str = concat!("gatepost.v1.", stringify!($message));
        })*
    };
}

named! {
    Comment Verdict ModeratedComment GetCommentResponse ReviewResult WatchVerdictsResponse
    ForgetAuthorResponse ExportAuthorResponse
    Key CreateKeyResponse ListKeysResponse
    AuditEvent GetQueueStatsResponse WatchQueueResponse ListEntry GetModelInfoResponse
}

/// The compiled descriptors. The build made them, so reading them fails only if the build was wrong.
static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| DescriptorPool::decode(pb::DESCRIPTORS).ok());

fn descriptor<M: JsonMessage>() -> Result<MessageDescriptor, Failure> {
    let found = POOL.as_ref().and_then(|pool| pool.get_message_by_name(M::NAME));
    found.ok_or_else(|| Failure::failed(format!("this build does not know the message {}; build it again", M::NAME)))
}

/// A message as JSON, on one line or indented.
pub fn write<M: JsonMessage>(message: &M, pretty: bool) -> Result<String, Failure> {
    let cannot = |error: &dyn std::fmt::Display| Failure::failed(format!("cannot write {} as JSON: {error}", M::NAME));
    let descriptor = descriptor::<M>()?;
    let bytes = message.encode_to_vec();
    let message = DynamicMessage::decode(descriptor.clone(), bytes.as_slice()).map_err(|error| cannot(&error))?;
    let options = SerializeOptions::new().use_proto_field_name(true);
    let value = message.serialize_with_options(serde_json::value::Serializer, &options).map_err(|error| cannot(&error))?;
    let ordered = InFieldOrder { value: &value, descriptor: Some(&descriptor) };
    let json = if pretty { serde_json::to_string_pretty(&ordered) } else { serde_json::to_string(&ordered) };
    Ok(escape_unprintable(json.map_err(|error| cannot(&error))?))
}

/// A message from JSON. Fields that it does not have are passed over.
///
/// # Errors
/// What does not fit, in words.
pub fn read<M: JsonMessage>(value: Value) -> Result<M, String> {
    let descriptor = descriptor::<M>().map_err(|failure| failure.message().to_owned())?;
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(descriptor, value, &options).map_err(|error| error.to_string())?;
    message.transcode_to().map_err(|error| error.to_string())
}

/// Most names that [`unknown_fields`] gives, and the longest one, in characters.
const MAX_UNKNOWN: usize = 32;
const MAX_NAME: usize = 64;

/// Returns the paths of the fields of a JSON object that a message does not have, e.g. `author.shoe_size`.
pub fn unknown_fields<M: JsonMessage>(fields: &Map<String, Value>) -> Vec<String> {
    let mut unknown = Vec::new();
    if let Ok(descriptor) = descriptor::<M>() {
        collect_unknown(&descriptor, fields, "", &mut unknown);
    }
    unknown
}

fn collect_unknown(descriptor: &MessageDescriptor, fields: &Map<String, Value>, within: &str, unknown: &mut Vec<String>) {
    for (name, value) in fields {
        let known = descriptor.get_field_by_name(name).or_else(|| descriptor.get_field_by_json_name(name));
        match (known.map(|field| (field.is_map(), field.kind())), value) {
            (Some((false, Kind::Message(message))), Value::Object(inner)) => {
                collect_unknown(&message, inner, &format!("{within}{name}."), unknown);
            }
            (Some(_), _) => {}
            (None, _) if unknown.len() < MAX_UNKNOWN => unknown.push(text::escape_line(&format!("{within}{name}"), MAX_NAME)),
            (None, _) => return,
        }
    }
}

/// JSON with a message's fields in the order of its proto file and maps by key, so that equal messages print equal.
struct InFieldOrder<'a> {
    value: &'a Value,
    /// Absent: no message of ours, but a map, a list or a scalar.
    descriptor: Option<&'a MessageDescriptor>,
}

impl Serialize for InFieldOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.value, self.descriptor) {
            (Value::Object(object), Some(descriptor)) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for field in descriptor.fields() {
                    if let Some(value) = object.get(field.name()) {
                        let kind = field.kind();
                        let descriptor = match &kind {
                            Kind::Message(message) if !field.is_map() => Some(message),
                            _ => None,
                        };
                        map.serialize_entry(field.name(), &InFieldOrder { value, descriptor })?;
                    }
                }
                map.end()
            }
            (Value::Array(items), descriptor) => {
                serializer.collect_seq(items.iter().map(|value| InFieldOrder { value, descriptor }))
            }
            (value, _) => value.serialize(serializer),
        }
    }
}

/// The same JSON with every character escaped that a terminal would obey or hide. They occur only inside strings,
/// where an escape means the same.
pub fn escape_unprintable(json: String) -> String {
    if !json.chars().any(|c| text::needs_escape(c) && c != '\n') {
        return json;
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if text::needs_escape(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_keep_the_order_and_the_names_of_the_proto() {
        let verdict = pb::Verdict {
            verdict_id: "v".into(),
            comment_id: "c".into(),
            decision: pb::Decision::Hold.into(),
            scores: [("toxic".into(), 0.5), ("spam".into(), 0.25)].into(),
            revision: 1,
            ..Default::default()
        };
        let line = write(&verdict, false).unwrap();
        let expected =
            r#"{"verdict_id":"v","comment_id":"c","decision":"DECISION_HOLD","scores":{"spam":0.25,"toxic":0.5},"revision":1}"#;
        assert_eq!(line, expected);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let comment = pb::Comment { body: "a\u{202e}\u{9b}b\u{e0041}".into(), body_format: 2, ..Default::default() };
        let line = write(&comment, false).unwrap();
        assert!(line.is_ascii(), "{line}");
        assert_eq!(read::<pb::Comment>(serde_json::from_str(&line).unwrap()).unwrap(), comment);
    }

    #[test]
    fn unknown_fields_are_passed_over_and_wrong_ones_named() {
        let value = json!({"body": "b", "label": "ham", "author": {"name": "n", "shoe_size": 43}});
        let comment: pb::Comment = read(value).unwrap();
        assert_eq!(comment.author.unwrap().name, "n");
        assert!(read::<pb::Comment>(json!({"body": 7})).is_err());
        let value = json!({"body": "b", "label": "ham", "author": {"name": "n", "userId": "u", "shoe_size": 43, "a\u{1b}": 1}});
        assert_eq!(unknown_fields::<pb::Comment>(value.as_object().unwrap()), ["author.a\\u{1b}", "author.shoe_size", "label"]);
    }
}
