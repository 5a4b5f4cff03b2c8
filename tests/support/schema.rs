//! A checker of JSON against JSON Schemas as newswire generates them. It knows the keywords that these have and panics at any
//! other, and is stricter than the standard: an object has no member that its schema does not name.

use newswire::model::Time;
use serde_json::Value;

/// Keywords that say nothing about a value.
const REMARKS: [&str; 6] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
];

/// What in `value` differs from `schema`, which is a part of `root`; empty if nothing does.
pub fn faults(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Checker { root }.check(schema, value, "$", &mut found);
    found
}

struct Checker<'r> {
    root: &'r Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let keywords = schema.as_object().expect("a schema is an object");
        for (keyword, says) in keywords {
            let is_right = match keyword.as_str() {
                "type" => types(says).any(|name| is_of_type(value, name)),
                "enum" => says.as_array().unwrap().contains(value),
                "const" => says == value,
                "minimum" => value.as_f64().is_none_or(|n| n >= says.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|n| n <= says.as_f64().unwrap()),
                "format" => value
                    .as_str()
                    .is_none_or(|text| has_format(text, says.as_str().unwrap())),
                "$ref" => {
                    let pointer = says.as_str().unwrap().strip_prefix('#').unwrap();
                    let target = self
                        .root
                        .pointer(pointer)
                        .expect("a reference leads somewhere");
                    self.check(target, value, at, found);
                    true
                }
                "anyOf" | "oneOf" => says.as_array().unwrap().iter().any(|one| {
                    let mut faults = Vec::new();
                    self.check(one, value, at, &mut faults);
                    faults.is_empty()
                }),
                "items" => {
                    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(says, item, &format!("{at}[{n}]"), found);
                    }
                    true
                }
                "required" => {
                    let names = says.as_array().unwrap().iter();
                    names
                        .clone()
                        .all(|name| value.get(name.as_str().unwrap()).is_some())
                }
                "properties" => {
                    for (name, member) in value.as_object().into_iter().flatten() {
                        match says.get(name) {
                            Some(of) => self.check(of, member, &format!("{at}.{name}"), found),
                            None => found.push(format!("{at}.{name} is in no schema")),
                        }
                    }
                    true
                }
                remark if REMARKS.contains(&remark) => true,
                other => panic!("{at}: the checker does not know {other}"),
            };
            if !is_right {
                found.push(format!("{at}: {value} is not {keyword} {says}"));
            }
        }
    }
}

fn types(says: &Value) -> impl Iterator<Item = &str> {
    let list = says
        .as_array()
        .map_or(std::slice::from_ref(says), Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type {other}"),
    }
}

fn has_format(text: &str, format: &str) -> bool {
    match format {
        "date-time" => Time::parse_rfc3339(text).is_some(),
        "uuid" => text.len() == 36 && text.parse::<uuid::Uuid>().is_ok(),
        "uri" => url::Url::parse(text).is_ok(),
        // A text is no number: "type" says so.
        "uint16" | "uint32" | "uint64" | "int64" | "double" => true,
        other => panic!("there is no format {other} of texts"),
    }
}
