//! Dispatch and validation.

use super::{Scenario, World, call};
use crate::api::DialectId;
use crate::dialect::Call;

pub(super) const ALL: &[(&str, Scenario)] = &[
    ("dispatch", dispatch),
    ("version", version),
    ("required", required),
    ("lengths", lengths),
    ("patterns", patterns),
    ("arns", arns),
    ("enums", enums),
    ("numbers", numbers),
    ("booleans", booleans),
    ("keys", keys),
    ("findings", findings),
    ("before look-up", before_look_up),
    ("tags", tags),
];

fn dispatch(w: &mut World) {
    let text = w.refused("InvalidAction", "CreateUsers", &[]);
    w.same("text", text, "Could not find operation CreateUsers for version 2010-05-08");
    w.refused("InvalidAction", "getuser", &[]);
    w.refused("InvalidAction", "", &[]);
    w.refused_call("InvalidAction", &Call { action: None, ..Call::new("") });
    if !w.has_paths() {
        w.refused("InvalidAction", "ListServerCertificates", &[]);
    }
}

fn version(w: &mut World) {
    for (version, shown) in [(None, "NO_VERSION_SPECIFIED"), (Some(""), "NO_VERSION_SPECIFIED"), (Some("2026-07-01"), "2026-07-01")] {
        let call = Call { version: version.map(str::to_owned), ..call("ListUsers", &[]) };
        if w.dialect == DialectId::Aws {
            let text = w.refused_call("InvalidAction", &call);
            w.same("text", text, format!("Could not find operation ListUsers for version {shown}"));
        } else {
            let outcome = w.send(&call);
            w.that("any version will do", matches!(outcome, crate::dialect::Outcome::Success(_)));
        }
    }
}

fn required(w: &mut World) {
    let text = w.refused("ValidationError", "CreateUser", &[]);
    w.same("text", text, "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must not be null");
    w.refused("ValidationError", "UpdateAccessKey", &[("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")]);
}

/// Of a policy that nobody made.
const ARN: &str = "arn:aws:iam::123456789012:policy/nobody-made-this";

fn lengths(w: &mut World) {
    let name = |n: usize| "a".repeat(n);
    w.ok("CreateUser", &[("UserName", &name(64))]);
    let text = w.refused("ValidationError", "CreateUser", &[("UserName", &name(65))]);
    let clause = "Member must have length less than or equal to 64";
    w.same("text", text, format!("1 validation error detected: Value at 'userName' failed to satisfy constraint: {clause}"));
    w.refused("NoSuchEntity", "GetUser", &[("UserName", &name(128))]);
    w.refused("ValidationError", "GetUser", &[("UserName", &name(129))]);
    w.refused("ValidationError", "AttachUserPolicy", &[("UserName", ""), ("PolicyArn", ARN)]);
    w.refused("ValidationError", "AttachUserPolicy", &[("UserName", &name(65)), ("PolicyArn", ARN)]);
    w.refused("NoSuchEntity", "AttachUserPolicy", &[("UserName", &name(64)), ("PolicyArn", ARN)]);
    w.refused("ValidationError", "CreateUser", &[("UserName", "")]);
    w.refused("ValidationError", "GetUser", &[("UserName", "")]);
    w.refused("ValidationError", "DeleteAccessKey", &[("UserName", "a"), ("AccessKeyId", &name(15))]);
    // 128 characters, 256 bytes: what is wrong with it is not its length.
    let text = w.refused("ValidationError", "GetUser", &[("UserName", &"é".repeat(128))]);
    w.that("lengths count characters", text.starts_with("The specified value for userName is invalid."));
}

fn patterns(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a+=,.@_-Z9")]);
    for name in ["a b", "a/b", "ä", "a\n"] {
        let text = w.refused("ValidationError", "CreateUser", &[("UserName", name)]);
        let rule = "It must contain only alphanumeric characters and/or the following: +=,.@_-";
        w.same("text", text, format!("The specified value for userName is invalid. {rule}"));
    }
    for path in ["x", "/x", "x/", "//ä/", "/a b/"] {
        let text = w.refused("ValidationError", "CreateGroup", &[("GroupName", "g"), ("Path", path)]);
        w.that("the text names the path", text.starts_with("The specified value for path is invalid. It must begin and end with /"));
    }
    let free = w.send(&call("CreateGroup", &[("GroupName", "h"), ("Path", "/a-b/")]));
    w.same("/a-b/ is a path on aws alone", matches!(free, crate::dialect::Outcome::Success(_)), w.dialect == DialectId::Aws);
    let text = w.refused("ValidationError", "ListUsers", &[("PathPrefix", "x")]);
    w.that("the text names the prefix", text.starts_with("The specified value for pathPrefix is invalid."));
    w.ok("ListUsers", &[("PathPrefix", "/x")]);
    let text = w.refused("ValidationError", "UpdateAccessKey", &[("AccessKeyId", "AKIA-AAAAAAAAAAAAAAA"), ("Status", "Active")]);
    w.that("the text shows the pattern", text.contains("'accessKeyId'") && text.contains("regular expression pattern: "));
}

fn arns(w: &mut World) {
    if w.has_tags() {
        for bad in
            ["this is no ARN, but long", "arn:aws:iam::123456789012", "arn:aws:iam::123456789012:", "arm:aws:iam::123456789012:policy/p"]
        {
            let text = w.refused("ValidationError", "CreateUser", &[("UserName", "a"), ("PermissionsBoundary", bad)]);
            w.same("text", text, format!("ARN {bad} is not valid."));
        }
        w.refused("NoSuchEntity", "CreateUser", &[("UserName", "a"), ("PermissionsBoundary", "urn:ecs:iam::ns1:policy/p")]);
    }
    w.refused("ValidationError", "GetPolicy", &[("PolicyArn", "this is no ARN, but long")]);
    w.refused("ValidationError", "GetPolicy", &[("PolicyArn", "arn:aws:iam::1:p/x")]);
}

fn enums(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    let key = w.ok("CreateAccessKey", &[("UserName", "a")]);
    let id = key["AccessKey"]["AccessKeyId"].as_str().unwrap_or("AKIAAAAAAAAAAAAAAAAA").to_owned();
    let text = w.refused("ValidationError", "UpdateAccessKey", &[("UserName", "a"), ("AccessKeyId", &id), ("Status", "Broken")]);
    w.same("text", text, "1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set");
    w.refused("ValidationError", "UpdateAccessKey", &[("UserName", "a"), ("AccessKeyId", &id), ("Status", "inactive")]);
    let code = if w.dialect == DialectId::Aws { "InvalidInput" } else { "ValidationError" };
    w.refused(code, "UpdateAccessKey", &[("UserName", "a"), ("AccessKeyId", &id), ("Status", "Expired")]);
}

fn numbers(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    let items = |n: &'static str| [("UserName", "a"), ("MaxItems", n)];
    for n in ["1", "1000", "+900", "0900"] {
        w.ok("ListAccessKeys", &items(n));
    }
    for n in ["", "ten", "1.0", " 1", "1e2", "2147483648", "-2147483649", "+"] {
        w.refused("MalformedInput", "ListAccessKeys", &items(n));
    }
    for n in ["0", "-1", "-2147483648"] {
        w.refused("ValidationError", "ListAccessKeys", &items(n));
    }
    for n in ["1001", "2147483647"] {
        let text = w.refused("ValidationError", "ListAccessKeys", &items(n));
        w.that("the text names the bound", text.ends_with("Member must have value less than or equal to 1000"));
    }
}

fn booleans(w: &mut World) {
    for word in ["yes", "1", "TRUE", ""] {
        w.refused("MalformedInput", "ListPolicies", &[("OnlyAttached", word)]);
    }
    let python = [("PolicyArn", "arn:aws:iam::123456789012:policy/p"), ("PolicyDocument", "x"), ("SetAsDefault", "True")];
    let outcome = w.send(&call("CreatePolicyVersion", &python));
    let malformed = matches!(outcome, crate::dialect::Outcome::Error(e) if e.code == "MalformedInput");
    w.same("True is malformed", malformed, w.dialect != DialectId::Eim);
}

fn keys(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a"), ("UserName", "b"), ("Colour", "red"), ("NewPath.member.1", "x"), ("username", "c")]);
    w.ok("GetUser", &[("UserName", "a")]);
    w.refused("NoSuchEntity", "GetUser", &[("UserName", "b")]);
    w.refused("ValidationError", "DeleteUser", &[("username", "a")]);
}

fn findings(w: &mut World) {
    let text = w.refused("ValidationError", "UpdateAccessKey", &[("UserName", ""), ("AccessKeyId", "short")]);
    w.that("the findings are counted", text.starts_with("3 validation errors detected: Value at 'userName' "));
    for field in ["'userName'", "'accessKeyId'", "'status'"] {
        w.that("each finding is named", text.contains(field));
    }
}

fn before_look_up(w: &mut World) {
    w.refused("ValidationError", "GetGroupPolicy", &[("GroupName", "nobody"), ("PolicyName", "a b")]);
    w.refused("ValidationError", "ListAccessKeys", &[("UserName", "nobody"), ("MaxItems", "0")]);
}

fn tags(w: &mut World) {
    if !w.has_tags() {
        // Not a parameter on eim, so nothing is looked at.
        let user = w.ok("CreateUser", &[("UserName", "a"), ("Tags.member.1.Key", ""), ("PermissionsBoundary", "x")]);
        w.that("eim has no tags", user["User"].get("Tags").is_none());
        return;
    }
    let tag = |n: usize, key: &str| [(format!("Tags.member.{n}.Key"), key.to_owned()), (format!("Tags.member.{n}.Value"), format!("v{n}"))];
    let create = |name: &str, tags: Vec<[(String, String); 2]>| {
        tags.into_iter().flatten().fold(call("CreateUser", &[("UserName", name)]), |call, (k, v)| call.with(&k, v))
    };
    w.send(&create("order", vec![tag(10, "c"), tag(2, "b"), tag(1, "a")]));
    let user = w.ok("GetUser", &[("UserName", "order")]);
    w.same("tags are in the order of their numbers", World::each(&user["User"]["Tags"], "Key"), vec!["a", "b", "c"]);

    w.refused_call("InvalidInput", &create("twice", vec![tag(1, "a"), tag(2, "a")]));
    w.refused_call("InvalidInput", &create("case", vec![tag(1, "a"), tag(2, "A")]));
    let many = |n: usize| (1..=n).map(|i| tag(i, &format!("k{i}"))).collect::<Vec<_>>();
    let outcome = w.send(&create("fifty", many(50)));
    w.that("fifty tags are accepted", matches!(outcome, crate::dialect::Outcome::Success(_)));
    w.refused_call("ValidationError", &create("more", many(51)));

    let text = w.refused("ValidationError", "CreateUser", &[("UserName", "half"), ("Tags.member.1.Key", "k")]);
    w.that("the text names the member", text.contains("'tags.1.member.value'"));
    w.refused(
        "ValidationError",
        "CreateUser",
        &[("UserName", "long"), ("Tags.member.1.Key", &"k".repeat(129)), ("Tags.member.1.Value", "")],
    );
    w.ok("CreateUser", &[("UserName", "accents"), ("Tags.member.1.Key", &"é".repeat(128)), ("Tags.member.1.Value", "")]);
    w.ok("CreateUser", &[("UserName", "empty"), ("Tags", "")]);
    w.ok("CreateUser", &[("UserName", "odd"), ("Tags.member.0.Key", "k"), ("Tags.member.01.Key", "k"), ("Tags.member.x.Key", "k")]);
}
