//! JSON Schema of a case file, for completion and checks in editors. `cases/case.schema.json` is its committed text.
//!
//! It is made from the tables that the parser uses ([`keys`](super::keys)) and from the API model. What it cannot say (variables,
//! requirements, paths) the parser still checks.

use serde_json::{Map, Value, json};

use super::keys::{AUTH_TABLES, AUTH_WORDS, FILE, Form, Key, MATCHERS, PAGES};
use crate::api::{DialectId, model};

/// The schema, draft 7, which is what editors know.
pub fn schema() -> Value {
    let mut root = table(FILE);
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!("iamspec case file");
    root["definitions"] = json!({
        "value": value(),
        "node": node(),
        "template": { "type": "string", "description": "Text; `${…}` is replaced." },
    });
    root
}

/// A closed table.
fn table(keys: &[Key]) -> Value {
    let mut table = open_table(keys);
    table["additionalProperties"] = json!(false);
    table
}

fn open_table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|k| {
            let mut form = form(&k.form);
            form["description"] = json!(k.about);
            (k.name.to_owned(), form)
        })
        .collect();
    let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    let mut table = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

fn form(form: &Form) -> Value {
    let text = || json!({ "type": "string" });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let by_name = |values: Value| json!({ "type": "object", "additionalProperties": values });
    let text_or_false = || json!({ "anyOf": [{ "type": "string" }, { "const": false }] });
    let status = || json!({ "type": "integer", "minimum": 100, "maximum": 599 });
    let node = || json!({ "$ref": "#/definitions/node" });
    let scalar = || json!({ "type": ["string", "integer", "boolean"] });
    match form {
        Form::Format => json!({ "const": 1 }),
        Form::Text => text(),
        Form::Id => json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$" }),
        Form::Texts => one_or_more(&text()),
        Form::List => list(text()),
        Form::Words(words) => list(json!({ "enum": words() })),
        Form::Action => json!({ "enum": model().actions.iter().map(|a| &a.name).collect::<Vec<_>>() }),
        Form::Flag => json!({ "type": "boolean" }),
        Form::True => json!({ "const": true }),
        Form::Number => json!({ "type": "integer" }),
        Form::Count => json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, text()] }),
        Form::Statuses => one_or_more(&status()),
        Form::Codes => {
            let codes: Vec<&str> = model().codes().map(|(code, _)| code).chain(["*"]).collect();
            one_or_more(&json!({ "enum": codes }))
        }
        Form::OneOf(words) => json!({ "enum": words }),
        Form::Parameters => by_name(json!({ "$ref": "#/definitions/value" })),
        Form::Saves => by_name(json!({ "type": "string", "pattern": r"^[A-Z][A-Za-z]*(\[[0-9]+\])*(\.[A-Z][A-Za-z]*(\[[0-9]+\])*)*$" })),
        Form::Auth => auth(),
        Form::Pages => json!({ "anyOf": [{ "const": "all" }, table(PAGES)] }),
        Form::TextOrFalse => text_or_false(),
        Form::SentHeaders => by_name(text_or_false()),
        Form::Headers => by_name(node()),
        Form::Node => node(),
        Form::Scalar => scalar(),
        Form::Scalars => list(scalar()),
        Form::Nodes => list(node()),
        Form::Table(keys) => table(keys),
        Form::Tables(keys) => json!({ "type": "array", "minItems": 1, "items": table(keys) }),
        Form::Rows(keys) => {
            let mut row = open_table(keys);
            row["additionalProperties"] = json!({ "$ref": "#/definitions/value" });
            list(row)
        }
        Form::ByDialect(keys) => {
            let dialects: Map<String, Value> = DialectId::ALL.into_iter().map(|d| (d.name().to_owned(), table(keys))).collect();
            json!({ "type": "object", "properties": dialects, "additionalProperties": false })
        }
    }
}

fn one_or_more(item: &Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "minItems": 1, "items": item }] })
}

fn auth() -> Value {
    let words = AUTH_WORDS.iter().map(|(word, about)| json!({ "const": word, "description": about }));
    let tables = AUTH_TABLES.iter().map(|k| {
        let mut one = table(std::slice::from_ref(k));
        one["required"] = json!([k.name]);
        one
    });
    json!({ "anyOf": words.chain(tables).collect::<Vec<_>>() })
}

/// A parameter: `{ absent = true }` is a table like another here.
fn value() -> Value {
    json!({ "anyOf": [
        { "type": ["string", "integer", "boolean"] },
        { "type": "array", "items": { "$ref": "#/definitions/value" } },
        { "type": "object", "additionalProperties": { "$ref": "#/definitions/value" } },
    ] })
}

/// What is expected of a value: itself, a list, a matcher, or an object with names in capitals.
fn node() -> Value {
    let mut matcher = table(MATCHERS);
    matcher["minProperties"] = json!(1);
    json!({ "anyOf": [
        { "type": ["string", "integer", "boolean"] },
        { "type": "array", "items": { "$ref": "#/definitions/node" } },
        matcher,
        {
            "type": "object",
            "propertyNames": { "pattern": "^[A-Z]" },
            "additionalProperties": { "$ref": "#/definitions/node" },
        },
    ] })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use regex::Regex;

    use super::*;
    use crate::case::corpus::FILES;

    #[test]
    fn the_committed_schema_is_this_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/case.schema.json");
        if std::env::var_os("IAMSPEC_BLESS").is_some() {
            std::fs::write(&path, format!("{:#}\n", schema())).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
        assert!(committed == schema(), "{} is not up to date: run the tests with IAMSPEC_BLESS=1", path.display());
    }

    /// The part of JSON Schema that [`schema`] uses.
    fn valid(value: &Value, schema: &Value, root: &Value) -> bool {
        let Some(rules) = schema.as_object() else { return false };
        rules.iter().all(|(rule, arg)| match (rule.as_str(), value) {
            ("$ref", _) => valid(value, root.pointer(arg.as_str().unwrap().trim_start_matches('#')).unwrap(), root),
            ("type", _) => one_or_more_of(arg).iter().any(|t| has_type(value, t.as_str().unwrap())),
            ("const", _) => value == arg,
            ("enum", _) => arg.as_array().unwrap().contains(value),
            ("anyOf", _) => arg.as_array().unwrap().iter().any(|s| valid(value, s, root)),
            ("minimum", Value::Number(n)) => n.as_i64() >= arg.as_i64(),
            ("maximum", Value::Number(n)) => n.as_i64() <= arg.as_i64(),
            ("pattern", Value::String(s)) => Regex::new(arg.as_str().unwrap()).unwrap().is_match(s),
            ("items", Value::Array(items)) => items.iter().all(|i| valid(i, arg, root)),
            ("minItems", Value::Array(items)) => items.len() as u64 >= arg.as_u64().unwrap(),
            ("minProperties", Value::Object(o)) => o.len() as u64 >= arg.as_u64().unwrap(),
            ("required", Value::Object(o)) => arg.as_array().unwrap().iter().all(|k| o.contains_key(k.as_str().unwrap())),
            ("propertyNames", Value::Object(o)) => o.keys().all(|k| valid(&json!(k), arg, root)),
            ("properties", Value::Object(o)) => o.iter().all(|(k, v)| arg.get(k).is_none_or(|s| valid(v, s, root))),
            ("additionalProperties", Value::Object(o)) => {
                let named = |k: &str| rules.get("properties").is_some_and(|p| p.get(k).is_some());
                o.iter().filter(|(k, _)| !named(k)).all(|(_, v)| arg.as_bool().unwrap_or(true) && (arg.is_boolean() || valid(v, arg, root)))
            }
            _ => true,
        })
    }

    fn one_or_more_of(arg: &Value) -> Vec<Value> {
        arg.as_array().cloned().unwrap_or_else(|| vec![arg.clone()])
    }

    fn has_type(value: &Value, name: &str) -> bool {
        match name {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => panic!("{name}"),
        }
    }

    #[test]
    fn the_embedded_cases_satisfy_it() {
        let schema = schema();
        for (path, text) in FILES {
            let file: Value = toml::from_str(text).unwrap();
            assert!(valid(&file, &schema, &schema), "cases/{path}");
        }
    }

    #[test]
    fn mistakes_do_not() {
        let schema = schema();
        let file = |case: Value| json!({ "action": "DeleteUser", "case": [case] });
        let good = json!({ "id": "a-b", "title": "t", "requirement": ["r"], "step": [
            { "call": "DeleteUser", "with": { "UserName": "x" }, "auth": { "skew": -960 }, "pages": { "size": 1 },
              "expect": { "error": "NoSuchEntity", "status": [404] } },
            { "call": "ListUsers", "auth": "none", "expect": { "result": { "Users": [{ "Path": { "matches": "/.*" } }] } } },
        ] });
        assert!(valid(&file(good.clone()), &schema, &schema));
        for (pointer, bad) in [
            ("/id", json!("A B")),
            ("/requirement", json!([])),
            ("/step", json!([])),
            ("/step/0/call", json!("DeletUser")),
            ("/step/0/auth", json!({ "skew": "x" })),
            ("/step/0/auth", json!("wrong")),
            ("/step/0/expect/error", json!("NoSuch")),
            ("/step/0/expect/status", json!(42)),
            ("/step/0/with/UserName", json!(1.5)),
            ("/step/1/expect/result/Users/0/Path", json!({ "matchs": "x" })),
            ("/step/1", json!({ "call": "ListUsers", "wiht": {} })),
        ] {
            let mut case = good.clone();
            *case.pointer_mut(pointer).unwrap() = bad;
            assert!(!valid(&file(case), &schema, &schema), "{pointer}");
        }
    }
}
