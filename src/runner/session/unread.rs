//! What cleanup finds in an answer that cannot be read.

use std::collections::BTreeMap;

use crate::dialect::Call;

/// What cleanup needs of an answer that cannot be read as one: the ARN of the policy that was to be made, if it stands in there.
pub(super) fn unread(call: &Call, body: &[u8]) -> BTreeMap<String, String> {
    let Some(name) = call.param("PolicyName").filter(|_| call.action_name() == "CreatePolicy") else { return BTreeMap::new() };
    let text = String::from_utf8_lossy(body);
    let end = format!(":policy{}{name}", call.param("Path").unwrap_or("/"));
    let arn = text.find(&end).map(|at| {
        let start = text[..at].rfind(|c: char| c.is_whitespace() || matches!(c, '>' | '"' | '\'')).map_or(0, |i| i + 1);
        text[start..at + end.len()].to_owned()
    });
    arn.filter(|arn| arn.is_ascii()).map(|arn| ("Arn".to_owned(), arn)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_of_a_policy_is_found_in_an_answer_that_is_no_xml() {
        let call = Call::new("CreatePolicy").with("PolicyName", "p").with("Path", "/a/");
        let found = unread(&call, b"<Policy><Arn>arn:aws:iam::1:policy/a/p</Arn><Description>a & b</Description>");
        assert_eq!(found["Arn"], "arn:aws:iam::1:policy/a/p");
        assert!(unread(&call, b"<html>").is_empty());
        assert!(unread(&Call::new("GetPolicy").with("PolicyName", "p"), b"arn:aws:iam::1:policy/p").is_empty());
    }
}
