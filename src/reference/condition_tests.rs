use super::*;
use crate::api::DialectId;
use crate::reference::{Faults, Ids, Principal};

/// Requirement, operator, operand, values that match, values that do not.
type Row = (Req, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

fn context() -> Context {
    let mut context = Context::default();
    for (key, value) in [
        ("aws:username", "Ada"),
        ("aws:CurrentTime", "2027-01-15T08:00:00Z"),
        ("aws:EpochTime", "1800000000"),
        ("aws:SourceIp", "127.0.0.1"),
        ("aws:ViaAWSService", "false"),
        ("aws:PrincipalArn", "arn:aws:iam::123456789012:user/dev/Ada"),
        ("aws:TagKeys", "team"),
        ("aws:TagKeys", "cost"),
    ] {
        context.add(key, value);
    }
    context
}

fn holds_with(operator: &str, key: &str, values: &[&str], broken: Option<Req>) -> bool {
    let condition = Condition { operator: operator.into(), key: key.into(), values: values.iter().map(|v| (*v).to_owned()).collect() };
    let cx = Cx { caller: &Principal::Root, now: 0, ids: &mut Ids::new(0), faults: &Faults::from(broken), dialect: DialectId::Aws };
    let context = context();
    let variable = |key: &str| context.variable(key);
    satisfied(&cx, &condition, &context, Some(&variable))
}

fn holds(operator: &str, key: &str, values: &[&str]) -> bool {
    holds_with(operator, key, values, None)
}

/// Rule, operator, key, operands that satisfy it, operands that do not. With the rule broken the satisfied one is not.
const OPERATORS: &[Row] = &[
    (req::AUTHORIZATION__CONDITION_STRING_EQUALS, "StringEquals", "AWS:UserName", &["Bob", "Ada"], &["ada"]),
    (req::AUTHORIZATION__CONDITION_STRING_EQUALS, "StringEquals", "aws:username", &["${aws:username}"], &["A*"]),
    (req::AUTHORIZATION__CONDITION_STRING_IGNORE_CASE, "StringEqualsIgnoreCase", "aws:username", &["aDA"], &["adam"]),
    (req::AUTHORIZATION__CONDITION_STRING_LIKE, "StringLike", "aws:username", &["A?*"], &["a*"]),
    (
        req::AUTHORIZATION__CONDITION_ARN,
        "ArnLike",
        "aws:PrincipalArn",
        &["arn:aws:iam::*:user/dev/*"],
        &["arn:aws:*:user/dev/Ada", "arn:aws:iam:x:*:user/*"],
    ),
    (
        req::AUTHORIZATION__CONDITION_ARN,
        "ArnEquals",
        "aws:PrincipalArn",
        &["arn:aws:iam::123456789012:user/dev/${aws:username}"],
        &["arn:aws:iam::123456789012:user/Ada"],
    ),
    (req::AUTHORIZATION__CONDITION_BOOL, "Bool", "aws:ViaAWSService", &["False"], &["true"]),
    (req::AUTHORIZATION__CONDITION_NUMERIC, "NumericEquals", "aws:EpochTime", &["1800000000.0"], &["1"]),
    (req::AUTHORIZATION__CONDITION_NUMERIC, "NumericLessThan", "aws:EpochTime", &["1800000001"], &["1800000000", "many"]),
    (req::AUTHORIZATION__CONDITION_NUMERIC, "NumericLessThanEquals", "aws:EpochTime", &["1800000000"], &["1799999999"]),
    (req::AUTHORIZATION__CONDITION_NUMERIC, "NumericGreaterThan", "aws:EpochTime", &["-1"], &["1800000000"]),
    (req::AUTHORIZATION__CONDITION_NUMERIC, "NumericGreaterThanEquals", "aws:EpochTime", &["1.8e9"], &["1800000001"]),
    (req::AUTHORIZATION__CONDITION_DATE, "DateEquals", "aws:CurrentTime", &["1800000000"], &["2027-01-15"]),
    (req::AUTHORIZATION__CONDITION_DATE, "DateLessThan", "aws:CurrentTime", &["2027-01-15T10:00:01+02:00"], &["2027-01-15T08:00:00Z"]),
    (req::AUTHORIZATION__CONDITION_DATE, "DateLessThanEquals", "aws:CurrentTime", &["2027-01-15T08:00Z"], &["2027-01-15T07:59:59Z"]),
    (req::AUTHORIZATION__CONDITION_DATE, "DateGreaterThan", "aws:EpochTime", &["2026"], &["1900000000"]),
    (req::AUTHORIZATION__CONDITION_DATE, "DateGreaterThanEquals", "aws:CurrentTime", &["2027-01-15T08"], &["2027-01-15T09"]),
    (
        req::AUTHORIZATION__CONDITION_IP,
        "IpAddress",
        "aws:SourceIp",
        &["10.0.0.0/8", "127.0.0.0/8"],
        &["10.0.0.0/8", "::1", "::/0", "127.0.0.1/33"],
    ),
    (req::AUTHORIZATION__CONDITION_IP, "IpAddress", "aws:SourceIp", &["0.0.0.0/0"], &["127.0.0.2", "127.0.0.1/x"]),
    (req::AUTHORIZATION__CONDITION_NULL, "Null", "aws:username", &["false"], &["true"]),
    (req::AUTHORIZATION__CONDITION_NULL, "Null", "aws:MultiFactorAuthPresent", &["TRUE"], &["false"]),
    (req::AUTHORIZATION__CONDITION_NEGATED, "StringNotEquals", "aws:username", &["Bob", "Eve"], &["Bob", "Ada"]),
    (req::AUTHORIZATION__CONDITION_NEGATED, "StringNotLike", "aws:username", &["B*"], &["B*", "A*"]),
    (req::AUTHORIZATION__CONDITION_NEGATED, "NotIpAddress", "aws:SourceIp", &["10.0.0.0/8"], &["127.0.0.0/8"]),
    (req::AUTHORIZATION__CONDITION_NEGATED, "NumericNotEquals", "aws:EpochTime", &["0"], &["1800000000"]),
    (req::AUTHORIZATION__CONDITION_ABSENT_KEY, "ArnNotLike", "aws:SourceArn", &["arn:aws:s3:::x"], &[]),
    (req::AUTHORIZATION__CONDITION_IF_EXISTS, "BoolIfExists", "aws:MultiFactorAuthPresent", &["true"], &[]),
    (req::AUTHORIZATION__CONDITION_FOR_ANY_VALUE, "ForAnyValue:StringEquals", "aws:TagKeys", &["team", "x"], &["x", "y"]),
    (req::AUTHORIZATION__CONDITION_FOR_ALL_VALUES, "ForAllValues:StringEquals", "aws:RequestTag/none", &["x"], &[]),
];

#[test]
fn operators() {
    for (rule, operator, key, satisfying, failing) in OPERATORS {
        assert!(holds(operator, key, satisfying), "{operator} {key} {satisfying:?}");
        assert!(!holds_with(operator, key, satisfying, Some(*rule)), "{rule:?}: {operator} {key} {satisfying:?}");
        if !failing.is_empty() {
            assert!(!holds(operator, key, failing), "{operator} {key} {failing:?}");
        }
    }
}

#[test]
fn absent_keys_and_sets() {
    assert!(!holds("StringEquals", "aws:none", &["x"]));
    assert!(!holds("ForAnyValue:StringLike", "aws:none", &["*"]));
    assert!(holds("ForAllValues:StringLike", "aws:TagKeys", &["t*", "c*"]));
    assert!(!holds("ForAllValues:StringLike", "aws:TagKeys", &["t*"]));
    assert!(holds_with("ForAllValues:StringLike", "aws:TagKeys", &["t*"], Some(req::AUTHORIZATION__CONDITION_FOR_ALL_VALUES)));
    assert!(!holds("StringEquals", "aws:username", &["${aws:none}"]));
    assert!(!holds("StringEquals", "aws:username", &[]) && holds("StringNotEquals", "aws:username", &[]));
    assert!(!holds("NumericEquals", "aws:username", &["1"]), "what is no number equals none");
}

#[test]
fn networks_of_both_families() {
    assert_eq!(in_network("2001:db8::7", "2001:db8::/32"), Some(true));
    assert_eq!(in_network("2001:db9::7", "2001:db8::/32"), Some(false));
    assert_eq!(in_network("::1", "::/0"), Some(true));
    assert_eq!(in_network("10.1.2.3", "10.1.2.3"), Some(true));
    assert_eq!(in_network("10.1.2.3", "10.1.2.2/31"), Some(true));
    assert_eq!(in_network("nowhere", "::/0"), None);
}
