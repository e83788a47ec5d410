//! The form of `model.toml`, and how it becomes a [`Model`].

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Action, Member, Model, Pattern, Scalar, ScalarBase, ScalarTable, Type};
use crate::api::DialectId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    min: Option<u64>,
    max: Option<u64>,
    pattern: Option<String>,
    values: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    format: u32,
    version: String,
    namespace: String,
    status: BTreeMap<String, u16>,
    #[serde(default)]
    status_on: BTreeMap<DialectId, BTreeMap<String, u16>>,
    r#type: BTreeMap<String, ScalarFile>,
    r#struct: BTreeMap<String, StructFile>,
    action: Vec<ActionFile>,
    limit: BTreeMap<String, BTreeMap<DialectId, u64>>,
    #[serde(default)]
    beyond: BTreeMap<DialectId, BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScalarFile {
    base: ScalarBase,
    min: Option<u64>,
    max: Option<u64>,
    pattern: Option<String>,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    sensitive: bool,
    eim: Option<Override>,
    ecs: Option<Override>,
    aws: Option<Override>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StructFile {
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ActionFile {
    name: String,
    family: String,
    about: String,
    outscale: Option<String>,
    mutates: bool,
    #[serde(default)]
    paginates: Vec<DialectId>,
    dialects: Option<Vec<DialectId>>,
    #[serde(default)]
    not_implemented: Vec<DialectId>,
    errors: Vec<String>,
    parameters: Vec<String>,
    response: Vec<String>,
}

fn parse_type(text: &str, structs: &BTreeMap<String, StructFile>, scalars: &BTreeMap<String, ScalarFile>) -> Result<Type, String> {
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return Ok(Type::List(Box::new(parse_type(inner, structs, scalars)?)));
    }
    if structs.contains_key(text) {
        return Ok(Type::Struct(text.to_owned()));
    }
    if scalars.contains_key(text) {
        return Ok(Type::Scalar(text.to_owned()));
    }
    Err(format!("unknown type '{text}'"))
}

fn parse_member(text: &str, structs: &BTreeMap<String, StructFile>, scalars: &BTreeMap<String, ScalarFile>) -> Result<Member, String> {
    let mut words = text.split_whitespace();
    let (Some(name), Some(ty)) = (words.next(), words.next()) else {
        return Err(format!("'{text}' is not \"Name type flags…\""));
    };
    let mut member = Member {
        name: name.to_owned(),
        ty: parse_type(ty, structs, scalars)?,
        required: false,
        always: false,
        dialects: Vec::new(),
        wire: Vec::new(),
        also: Vec::new(),
        lacks: Vec::new(),
        stated: Vec::new(),
        raw: Vec::new(),
    };
    for flag in words {
        let unknown = || format!("unknown flag '{flag}' in '{text}'");
        let Some((what, dialect)) = flag.split_once('@') else {
            match flag {
                "required" => member.required = true,
                "always" => member.always = true,
                _ => return Err(unknown()),
            }
            continue;
        };
        let dialect = dialect.parse()?;
        match what.split_once('=') {
            None if what.is_empty() => member.dialects.push(dialect),
            None if what == "stated" => member.stated.push(dialect),
            None if what == "raw" => member.raw.push(dialect),
            Some(("wire", name)) => member.wire.push((dialect, name.to_owned())),
            Some(("also", name)) => member.also.push((dialect, name.to_owned())),
            Some(("lacks", name)) => member.lacks.push((dialect, name.to_owned())),
            _ => return Err(unknown()),
        }
    }
    if member.dialects.is_empty() {
        member.dialects = DialectId::ALL.to_vec();
    }
    Ok(member)
}

impl Scalar {
    /// The same with what a dialect documents otherwise.
    fn with(&self, o: Option<Override>) -> Result<Scalar, String> {
        let mut scalar = self.clone();
        if let Some(o) = o {
            scalar.min = o.min.or(scalar.min);
            scalar.max = o.max.or(scalar.max);
            scalar.pattern = o.pattern.as_deref().map(Pattern::new).transpose()?.or(scalar.pattern);
            scalar.values = o.values.unwrap_or(scalar.values);
        }
        Ok(scalar)
    }
}

impl Model {
    /// Reads the data file.
    pub(super) fn parse(text: &str) -> Result<Model, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        if file.format != 1 {
            return Err(format!("format {} is not known here", file.format));
        }
        let members = |list: &[String]| -> Result<Vec<Member>, String> {
            list.iter().map(|m| parse_member(m, &file.r#struct, &file.r#type)).collect()
        };
        let mut structs = BTreeMap::new();
        for (name, body) in &file.r#struct {
            structs.insert(name.clone(), members(&body.members)?);
        }
        let mut actions = Vec::new();
        for a in &file.action {
            actions.push(Action {
                name: a.name.clone(),
                family: a.family.clone(),
                about: a.about.clone(),
                outscale: a.outscale.clone(),
                mutates: a.mutates,
                paginates: a.paginates.clone(),
                dialects: a.dialects.clone().unwrap_or_else(|| DialectId::ALL.to_vec()),
                not_implemented: a.not_implemented.clone(),
                errors: a.errors.clone(),
                parameters: members(&a.parameters)?,
                response: members(&a.response)?,
            });
        }
        let mut scalars = BTreeMap::new();
        for (name, s) in file.r#type {
            let pattern = s.pattern.as_deref().map(Pattern::new).transpose()?;
            let common =
                Scalar { name: name.clone(), base: s.base, min: s.min, max: s.max, pattern, values: s.values, sensitive: s.sensitive };
            let table = ScalarTable { eim: common.with(s.eim)?, ecs: common.with(s.ecs)?, aws: common.with(s.aws)? };
            scalars.insert(name, table);
        }
        Ok(Model {
            version: file.version,
            namespace: file.namespace,
            actions,
            status: file.status,
            status_on: file.status_on,
            scalars,
            structs,
            limits: file.limit,
            beyond: file.beyond,
        })
    }
}
