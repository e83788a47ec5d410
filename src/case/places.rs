//! A case without its places in a file: what two files that say the same have in common.

use super::model::{Case, Check, Expect, Node};
use crate::verdict::Loc;

impl Case {
    /// The same case, standing nowhere.
    pub fn without_places(&self) -> Case {
        let mut case = self.clone();
        case.loc = Loc::default();
        for row in &mut case.rows {
            row.loc = Loc::default();
            row.expect.iter_mut().for_each(expect);
        }
        for step in &mut case.steps {
            step.loc = Loc::default();
            step.save.iter_mut().for_each(|(_, _, loc)| *loc = Loc::default());
            expect(&mut step.expect);
            for other in step.on.values_mut() {
                other.loc = Loc::default();
                other.expect.iter_mut().for_each(expect);
            }
        }
        case
    }
}

fn expect(expect: &mut Expect) {
    expect.loc = Loc::default();
    let headers = expect.headers.iter_mut().map(|(_, node)| node);
    expect.message.iter_mut().chain(&mut expect.result).chain(headers).for_each(node);
}

fn node(at: &mut Node) {
    at.loc = Loc::default();
    match &mut at.check {
        Check::Members(members) => members.iter_mut().for_each(|(_, inner)| node(inner)),
        Check::Items(nodes) | Check::Ordered(nodes) | Check::Includes(nodes) | Check::Excludes(nodes) | Check::All(nodes) => {
            nodes.iter_mut().for_each(node);
        }
        Check::Optional(inner) | Check::Charged(_, inner) => node(inner),
        Check::Equals(_)
        | Check::Matches(_)
        | Check::OneOf(_)
        | Check::Present
        | Check::Absent
        | Check::AbsentOrEmpty
        | Check::SameJson(_)
        | Check::SamePem(_)
        | Check::Sorted(_)
        | Check::Count(_)
        | Check::Near(_)
        | Check::Not(_) => {}
    }
}
