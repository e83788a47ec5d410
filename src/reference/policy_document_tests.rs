use super::*;
use crate::api::DialectId;
use crate::reference::{Faults, Ids, Principal};

fn check_with(document: &str, used: Use, dialect: DialectId, broken: Option<Req>) -> Result<(), String> {
    let cx = Cx { caller: &Principal::Root, now: 0, ids: &mut Ids::new(0), faults: &Faults::from(broken), dialect };
    check(&cx, document, used).map_err(|e| {
        assert_eq!((e.status, e.code.as_str()), (400, "MalformedPolicyDocument"));
        e.message
    })
}

fn managed(document: &str) -> Result<(), String> {
    check_with(document, Use::Managed, DialectId::Aws, None)
}

/// A document around statements.
fn with(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#)
}

/// A document around one statement's elements after `Effect`.
fn allow(elements: &str) -> String {
    with(&format!(r#"[{{"Effect":"Allow",{elements}}}]"#))
}

fn resource(arn: &str) -> String {
    allow(&format!(r#""Action":"iam:GetUser","Resource":"{arn}""#))
}

fn condition(text: &str) -> String {
    allow(&format!(r#""Action":"iam:GetUser","Resource":"*","Condition":{text}"#))
}

const SYNTAX: &str = "Syntax errors in policy.";
const OLD: &str = "Policy document must be version 2012-10-17 or greater.";
const LEGACY: &str = "The policy failed legacy parsing";
const SIDS: &str = "Statement IDs (SID) in a single policy must be unique.";
const NO_ACTIONS: &str = "Policy statement must contain actions.";
const NO_RESOURCES: &str = "Policy statement must contain resources.";
const NO_VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const COLONS: &str = "Actions/Condition can contain only one colon.";
const PRINCIPAL: &str = "Policy document should not specify a principal.";

/// Rule, refused document, its text. With the rule broken the document is accepted.
fn refused() -> Vec<(Req, String, String)> {
    let fine = r#""Action":"iam:GetUser","Resource":"*""#;
    let statement = format!(r#"{{"Effect":"Allow",{fine}}}"#);
    let rows: Vec<(Req, String, &str)> = vec![
        (req::POLICY_DOCUMENT__JSON, "let me in".into(), SYNTAX),
        (req::POLICY_DOCUMENT__JSON, "[]".into(), SYNTAX),
        (req::POLICY_DOCUMENT__JSON, format!("{} x", allow(fine)), SYNTAX),
        (req::POLICY_DOCUMENT__KNOWN_KEYS, format!(r#"{{"Version":"2012-10-17","Comment":"x","Statement":{statement}}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__KNOWN_KEYS, allow(&format!(r#"{fine},"Why":"x""#)), SYNTAX),
        (req::POLICY_DOCUMENT__KEYS_MIND_CASE, format!(r#"{{"Version":"2012-10-17","statement":[{statement}]}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__KEYS_MIND_CASE, allow(r#""action":"iam:GetUser","Resource":"*""#), SYNTAX),
        (req::POLICY_DOCUMENT__KNOWN_VERSION, format!(r#"{{"Version":"2025-01-01","Statement":{statement}}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__KNOWN_VERSION, format!(r#"{{"Version":"","Statement":{statement}}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__STATEMENT_PRESENT, r#"{"Version":"2012-10-17","Id":"x"}"#.into(), SYNTAX),
        (req::POLICY_DOCUMENT__STATEMENT_PRESENT, with("[]"), SYNTAX),
        (req::POLICY_DOCUMENT__STATEMENTS_ARE_OBJECTS, with(&format!("[{statement},7]")), SYNTAX),
        (req::POLICY_DOCUMENT__STATEMENTS_ARE_OBJECTS, with(r#""all""#), SYNTAX),
        (req::POLICY_DOCUMENT__ID_AND_SID_TEXT, format!(r#"{{"Version":"2012-10-17","Id":1,"Statement":{statement}}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__ID_AND_SID_TEXT, allow(&format!(r#""Sid":["a"],{fine}"#)), SYNTAX),
        (req::POLICY_DOCUMENT__EFFECT, with(&format!("[{{{fine}}}]")), SYNTAX),
        (req::POLICY_DOCUMENT__EFFECT, with(&format!(r#"[{{"Effect":"Permit",{fine}}}]"#)), SYNTAX),
        (req::POLICY_DOCUMENT__TEXT_OR_LIST_OF_TEXTS, allow(r#""Action":["iam:GetUser",["iam:ListUsers"]],"Resource":"*""#), SYNTAX),
        (req::POLICY_DOCUMENT__TEXT_OR_LIST_OF_TEXTS, allow(r#""Action":"iam:GetUser","Resource":["*",{}]"#), SYNTAX),
        (req::POLICY_DOCUMENT__ACTION_OR_NOT_ACTION, allow(&format!(r#"{fine},"NotAction":[]"#)), SYNTAX),
        (req::POLICY_DOCUMENT__ACTION_OR_NOT_ACTION, allow(&format!(r#"{fine},"NotAction":"iam:DeleteUser""#)), SYNTAX),
        (req::POLICY_DOCUMENT__RESOURCE_OR_NOT_RESOURCE, allow(&format!(r#"{fine},"NotResource":[]"#)), SYNTAX),
        (req::POLICY_DOCUMENT__RESOURCE_OR_NOT_RESOURCE, allow(&format!(r#"{fine},"NotResource":"*""#)), SYNTAX),
        (req::POLICY_DOCUMENT__CONDITION_SHAPE, condition(r#""none""#), SYNTAX),
        (req::POLICY_DOCUMENT__CONDITION_SHAPE, condition(r#"[{"Bool":{"aws:ViaAWSService":"false"}}]"#), SYNTAX),
        (req::POLICY_DOCUMENT__CONDITION_SHAPE, condition(r#"{"Bool":"true"}"#), SYNTAX),
        (req::POLICY_DOCUMENT__CONDITION_SHAPE, condition(r#"{"Bool":{"a":{"b":"c"}}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__CONDITION_SHAPE, condition(r#"{"Bool":{"a":[["true"]]}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__KNOWN_OPERATOR, condition(r#"{"StringIs":{"a":"b"}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__KNOWN_OPERATOR, condition(r#"{"ForAnyValue::StringLike":{"a":"b"}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__KNOWN_OPERATOR, condition(r#"{"NullIfExists":{"a":"true"}}"#), SYNTAX),
        (req::POLICY_DOCUMENT__NO_PRINCIPAL, allow(&format!(r#"{fine},"Principal":"*""#)), PRINCIPAL),
        (req::POLICY_DOCUMENT__NO_PRINCIPAL, allow(&format!(r#"{fine},"NotPrincipal":{{"AWS":"*"}}"#)), PRINCIPAL),
        (req::POLICY_DOCUMENT__VERSION_2012, format!(r#"{{"Statement":{statement}}}"#), OLD),
        (req::POLICY_DOCUMENT__VERSION_2012, format!(r#"{{"Version":"2008-10-17","Statement":{statement}}}"#), OLD),
        (req::POLICY_DOCUMENT__EFFECT_CASE, with(&format!(r#"[{{"Effect":"ALLOW",{fine}}}]"#)), LEGACY),
        (req::POLICY_DOCUMENT__EFFECT_CASE, with(&format!(r#"[{{"Effect":"deny",{fine}}}]"#)), LEGACY),
        (req::POLICY_DOCUMENT__DATE_OPERAND, condition(r#"{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}"#), LEGACY),
        (req::POLICY_DOCUMENT__DATE_OPERAND, condition(r#"{"DateEqualsIfExists":{"a":["2020-01-01","2020-14-01"]}}"#), LEGACY),
        (req::POLICY_DOCUMENT__ARN_FIELDS, resource("arn:aws:s3::bucket"), LEGACY),
        (req::POLICY_DOCUMENT__ARN_FIELDS, resource("arn:aws::::thing"), LEGACY),
        (req::POLICY_DOCUMENT__ARN_FIELDS, allow(r#""Action":"s3:GetObject","NotResource":["arn:aws:sns::x"]"#), LEGACY),
        (
            req::POLICY_DOCUMENT__UNIQUE_SIDS,
            with(&format!(r#"[{{"Sid":"a","Effect":"Allow",{fine}}},{{"Sid":"a","Effect":"Deny",{fine}}}]"#)),
            SIDS,
        ),
        (
            req::POLICY_DOCUMENT__UNIQUE_SIDS,
            with(&format!(r#"[{{"Sid":"a","Effect":"Allow",{fine}}},{statement},{{"Sid":"a","Effect":"Allow",{fine}}}]"#)),
            SIDS,
        ),
        (req::POLICY_DOCUMENT__ACTIONS_PRESENT, allow(r#""Resource":"*""#), NO_ACTIONS),
        (req::POLICY_DOCUMENT__ACTIONS_PRESENT, allow(r#""NotAction":[],"Resource":"*""#), NO_ACTIONS),
        (req::POLICY_DOCUMENT__RESOURCE_FORM, resource("everything"), r#"Resource everything must be in ARN format or "*"."#),
        (req::POLICY_DOCUMENT__RESOURCE_FORM, resource(""), r#"Resource  must be in ARN format or "*"."#),
        (
            req::POLICY_DOCUMENT__PARTITION,
            resource("arn:moon:s3:::bucket"),
            r#"Partition "moon" is not valid for resource "arn:moon:s3:::bucket"."#,
        ),
        (req::POLICY_DOCUMENT__PARTITION, resource("x:y:z"), r#"Partition "y" is not valid for resource "arn:y:z:*:*:*"."#),
        (
            req::POLICY_DOCUMENT__PARTITION,
            resource("aws:sns:a:b:c:d:e"),
            r#"Partition "sns" is not valid for resource "arn:sns:a:b:c:d:e"."#,
        ),
        (req::POLICY_DOCUMENT__RESOURCE_VENDOR, resource("arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes."),
        (
            req::POLICY_DOCUMENT__S3_REGION,
            resource("arn:aws:s3:eu-west-1::bucket"),
            "Resource arn:aws:s3:eu-west-1::bucket can not contain region information.",
        ),
        (
            req::POLICY_DOCUMENT__IAM_REGION,
            resource("arn:aws:iam:eu-west-1:1:user/x"),
            "IAM resource arn:aws:iam:eu-west-1:1:user/x cannot contain region information.",
        ),
        (req::POLICY_DOCUMENT__RESOURCES_PRESENT, allow(r#""Action":"iam:GetUser""#), NO_RESOURCES),
        (req::POLICY_DOCUMENT__RESOURCES_PRESENT, allow(r#""Action":"iam:GetUser","NotResource":[]"#), NO_RESOURCES),
        (req::POLICY_DOCUMENT__ACTION_VENDOR, allow(r#""Action":"GetUser","Resource":"*""#), NO_VENDOR),
        (req::POLICY_DOCUMENT__ACTION_VENDOR, allow(r#""NotAction":["iam:GetUser","Get*"],"Resource":"*""#), NO_VENDOR),
        (req::POLICY_DOCUMENT__ACTION_ONE_COLON, allow(r#""Action":"iam:Get:User","Resource":"*""#), COLONS),
        (req::POLICY_DOCUMENT__ACTION_ONE_COLON, allow(r#""Action":["iam::GetUser"],"Resource":"*""#), COLONS),
        (req::POLICY_DOCUMENT__ACTION_VENDOR_NAME, allow(r#""Action":"i am:GetUser","Resource":"*""#), "Vendor i am is not valid"),
        (req::POLICY_DOCUMENT__ACTION_VENDOR_NAME, allow(r#""Action":":GetUser","Resource":"*""#), "Vendor  is not valid"),
    ];
    rows.into_iter().map(|(rule, document, text)| (rule, document, text.to_owned())).collect()
}

#[test]
fn each_row_refuses_with_its_text_and_only_while_it_holds() {
    for (rule, document, text) in refused() {
        assert_eq!(managed(&document), Err(text), "{document}");
        assert_eq!(check_with(&document, Use::Managed, DialectId::Aws, Some(rule)), Ok(()), "{rule:?}: {document}");
    }
    let path = managed(&resource("arn:aws:iam::1:thing/x")).expect_err("iam has no things");
    assert!(path.starts_with(r#"IAM resource path must either be "*", root, or start with user/"#), "{path}");
    assert!(managed(&resource("arn:aws:iam:::")).is_err());
    assert!(check_with(&resource("arn:aws:iam:::x"), Use::Managed, DialectId::Aws, Some(req::POLICY_DOCUMENT__IAM_PATH)).is_ok());
}

/// Rule, accepted document. With the rule broken the document is refused.
fn accepted() -> Vec<(Req, String)> {
    let fine = r#""Action":"iam:GetUser","Resource":"*""#;
    vec![
        (req::POLICY_DOCUMENT__SINGLE_STATEMENT_OBJECT, with(&format!(r#"{{"Effect":"Allow",{fine}}}"#))),
        (req::POLICY_DOCUMENT__UNKNOWN_SERVICES, allow(r#""Action":"teleport-er.2:Beam","Resource":"*""#)),
        (req::POLICY_DOCUMENT__REGION_ELSEWHERE, resource("arn:aws:ec2:eu-west-1::image/x")),
        (req::POLICY_DOCUMENT__REGION_ELSEWHERE, resource("arn:aws:teleporter:mars-1:1:pad/x")),
        (req::POLICY_DOCUMENT__VENDOR_ONLY_ARN, resource("arn:aws:sns")),
        (req::POLICY_DOCUMENT__EMPTY_CONDITION, condition("{}")),
        (req::POLICY_DOCUMENT__EMPTY_OPERATOR, condition(r#"{"StringLike":{},"Whatever":{}}"#)),
        (req::POLICY_DOCUMENT__EMPTY_OPERAND, condition(r#"{"NumericEquals":{"aws:EpochTime":[]}}"#)),
        (req::POLICY_DOCUMENT__SET_OPERATORS, condition(r#"{"ForAnyValue:StringLike":{"aws:TagKeys":["a","b"]}}"#)),
        (req::POLICY_DOCUMENT__SET_OPERATORS, condition(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}"#)),
        (req::POLICY_DOCUMENT__IF_EXISTS_OPERATORS, condition(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":false}}"#)),
        (req::POLICY_DOCUMENT__EMPTY_SIDS, with(&format!(r#"[{{"Sid":"","Effect":"Allow",{fine}}},{{"Sid":"","Effect":"Deny",{fine}}}]"#))),
        (req::POLICY_DOCUMENT__ID_AND_SID_ACCEPTED, allow(&format!(r#""Sid":"readers",{fine}"#))),
        (req::POLICY_DOCUMENT__NOT_ACTION_WITH_RESOURCE, allow(r#""NotAction":"iam:DeleteUser","Resource":"*""#)),
        (req::POLICY_DOCUMENT__DATE_FORMS, condition(r#"{"DateLessThan":{"a":"2030-02-28T07:08:09.123+01:00"}}"#)),
        (req::POLICY_DOCUMENT__DATE_FORMS, condition(r#"{"DateLessThan":{"a":"2030-02"}}"#)),
        (req::POLICY_DOCUMENT__DATE_AS_INTEGER, condition(r#"{"DateGreaterThanIfExists":{"a":[1900000000,"-5"]}}"#)),
        (req::POLICY_DOCUMENT__LATIN_1, allow(&format!(r#""Sid":"äöü",{fine}"#))),
    ]
}

#[test]
fn surprising_documents_are_accepted_and_only_while_the_rule_holds() {
    for (rule, document) in accepted() {
        assert_eq!(managed(&document), Ok(()), "{document}");
        assert!(check_with(&document, Use::Managed, DialectId::Aws, Some(rule)).is_err(), "{rule:?}: {document}");
    }
    for arn in [
        "*",
        "arn:aws:iam::1:root",
        "arn:aws:iam::1:*",
        "arn:aws-cn:s3:::bucket/*",
        "arn:aws:s3:eu-west-1:1:accesspoint/a",
        "arn:aws:s3:::${a:b}",
    ] {
        assert_eq!(managed(&resource(arn)), Ok(()), "{arn}");
    }
    assert_eq!(managed(&allow(r#""Action":["*","iam: odd name "],"Resource":["*"]"#)), Ok(()));
}

#[test]
fn the_first_fault_in_order_is_named() {
    let date = r#""Condition":{"DateLessThan":{"a":"never"}}"#;
    let rows = [
        (format!(r#"{{"Statement":{{"Effect":"Allow","Extra":1,{date}}}}}"#), SYNTAX),
        (format!(r#"{{"Statement":{{"Effect":"Allow",{date}}}}}"#), OLD),
        (with(&format!(r#"[{{"Sid":"a","Effect":"aLLow"}},{{"Sid":"a","Effect":"Allow",{date}}}]"#)), LEGACY),
        (with(r#"[{"Sid":"a","Effect":"Allow"},{"Sid":"a","Effect":"Allow"}]"#), SIDS),
        (allow(r#""Resource":"nothing""#), NO_ACTIONS),
        (allow(r#""Action":"GetUser""#), NO_RESOURCES),
        (resource("arn:moon:x").replace("iam:GetUser", "i:am:x"), r#"Partition "moon" is not valid for resource "arn:moon:x:*:*:*"."#),
    ];
    for (document, text) in rows {
        assert_eq!(managed(&document), Err(text.to_owned()), "{document}");
    }
    let two_faults = allow(r#""Action":"GetUser""#);
    let turned = check_with(&two_faults, Use::Managed, DialectId::Aws, Some(req::POLICY_DOCUMENT__ORDER_OF_CHECKS));
    assert_eq!(turned, Err(NO_VENDOR.to_owned()));
}

#[test]
fn inline_documents_may_be_old() {
    for document in [
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
    ] {
        assert_eq!(check_with(document, Use::Inline, DialectId::Aws, None), Ok(()));
        assert!(check_with(document, Use::Inline, DialectId::Aws, Some(req::POLICY_DOCUMENT__INLINE_OLD_VERSION)).is_err());
    }
}

#[test]
fn partitions_are_the_dialects_own() {
    let user = |dialect, arn| check_with(&resource(arn), Use::Managed, dialect, None).is_ok();
    assert!(user(DialectId::Ecs, "urn:ecs:iam::ns1:user/x") && !user(DialectId::Aws, "urn:ecs:iam::ns1:user/x"));
    assert!(user(DialectId::Eim, "orn:ows:idauth::012345678910:user/x") && !user(DialectId::Ecs, "orn:ows:idauth::012345678910:user/x"));
}

#[test]
fn size_leaves_white_space_out() {
    let counted = |document, broken| {
        let cx = Cx { caller: &Principal::Root, now: 0, ids: &mut Ids::new(0), faults: &Faults::from(broken), dialect: DialectId::Aws };
        size(&cx, document)
    };
    assert_eq!(counted("{ \"a\" :\t[\r\n1 ] é}", None), 10);
    assert_eq!(counted("{ }", Some(req::POLICY_DOCUMENT__WHITE_SPACE_NOT_COUNTED)), 3);
}

#[test]
fn any_text_is_accepted_or_refused() {
    arbtest::arbtest(|u| {
        let mut document: String = u.arbitrary()?;
        let _ = managed(&document);
        for (part, with) in [("X", "\"Action\":"), ("Y", "{\"Effect\":\"Allow\","), ("Z", "arn:aws:")] {
            document = document.replace(part, with);
        }
        let _ = managed(&with_any(&document));
        Ok(())
    });
}

fn with_any(text: &str) -> String {
    with(&format!(r#"[{{"Effect":"Allow","Action":{text:?},"Resource":[{text:?}]}}]"#))
}
