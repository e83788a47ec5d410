//! What is wrong with answers whatever the Action: forms of dates, content types, request ids, texts of errors, secrets that leak.

use super::{Aim, Fault, exists, of_action};
use crate::api::{Action, DialectId, Req, model, req};
use crate::reference::Faults;
use crate::reference::faults::{DateForm, Escaping, Flaw, Wrong};

pub(super) fn faults(dialect: DialectId) -> Vec<Fault> {
    let mut all = dates();
    all.extend(headers());
    all.extend(messages());
    for action in model().actions.iter().filter(|a| exists(a, dialect)) {
        all.extend(leaks(action, dialect));
    }
    all
}

fn fault(id: &str, about: &str, what: Wrong, requirements: &[Req]) -> Fault {
    Fault {
        id: id.to_owned(),
        about: about.to_owned(),
        faults: Faults::with(Flaw { action: None, what }),
        aim: Aim { requirements: requirements.to_vec(), ..Aim::default() },
        shown_by: Vec::new(),
        only: None,
    }
}

fn dates() -> Vec<Fault> {
    let forms = [
        ("epoch", "seconds since 1970", DateForm::Epoch),
        ("fraction", "fractions of seconds", DateForm::Fraction),
        ("offset", "an offset in place of Z", DateForm::Offset),
        ("no-zone", "no zone", DateForm::NoZone),
        ("day-only", "the day alone", DateForm::DayOnly),
        ("mail", "the form of HTTP and mail", DateForm::Mail),
    ];
    let one = |(word, about, form)| {
        let requirements = [req::SHAPE__DATE, req::SHAPE__DATE_WHOLE_SECONDS];
        fault(&format!("date-form:{word}"), &format!("every date has {about}"), Wrong::Dates(form), &requirements)
    };
    forms.into_iter().map(one).collect()
}

fn headers() -> Vec<Fault> {
    let content_type = [req::WIRE__CONTENT_TYPE];
    let repeated = [req::TRANSPORT__REQUEST_ID_UNIQUE];
    vec![
        fault("content-type:missing", "answers have no content type", Wrong::ContentType(None), &content_type),
        fault("content-type:html", "answers claim to be HTML", Wrong::ContentType(Some("text/html")), &content_type),
        fault("request-id:missing-on-errors", "errors have no request id", Wrong::NoRequestId { errors: true }, &[req::WIRE__REQUEST_ID]),
        fault(
            "request-id:missing-on-success",
            "successes have no request id",
            Wrong::NoRequestId { errors: false },
            &[req::WIRE__REQUEST_ID],
        ),
        fault("request-id:one-for-errors", "all errors have the same request id", Wrong::OneRequestId { errors: true }, &repeated),
        fault("request-id:one-for-success", "all successes have the same request id", Wrong::OneRequestId { errors: false }, &repeated),
    ]
}

fn messages() -> [Fault; 2] {
    let readable = [req::WIRE__WELL_FORMED, req::WIRE__JSON_WELL_FORMED, req::WIRE__NO_MIXED_CONTENT];
    [
        fault("text-unescaped:errors", "the texts of errors are not escaped", Wrong::Message(Escaping::None), &readable),
        fault(
            "text-escaped-twice:errors",
            "the texts of errors are escaped twice",
            Wrong::Message(Escaping::Twice),
            &[req::WIRE__ESCAPED_ONCE],
        ),
    ]
}

/// Secrets beside what they belong to, under their own name and under another. A user that is being made has no key yet.
fn leaks(action: &'static Action, dialect: DialectId) -> Vec<Fault> {
    let paths = action.response_paths(dialect);
    let shows = |member: &str| paths.iter().any(|path| path.rsplit('.').next() == Some(member));
    let mut secrets = Vec::new();
    if (shows("AccessKeyId") || shows("UserId")) && !["CreateAccessKey", "CreateUser"].contains(&action.name.as_str()) {
        secrets.extend([("SecretAccessKey", "SecretAccessKey"), ("SecretAccessKey", "Note")]);
    }
    if shows("ServerCertificateId") {
        secrets.push(("PrivateKey", "PrivateKey"));
        if action.parameters.iter().any(|p| p.name == "PrivateKey") {
            secrets.push(("PrivateKey", "Note"));
        }
    }
    let leak = |(secret, named): (&'static str, &'static str)| {
        let name = &action.name;
        let as_it_is = secret == named;
        let id = if as_it_is { format!("leak:{name}.{secret}") } else { format!("leak-renamed:{name}.{secret}") };
        let about = format!("{name} answers the {secret} in an element {named}");
        let requirements = vec![req::SHAPE__NO_SECRET, req::TRANSPORT__SECRET_ONCE];
        let aim = Aim { requirements, action: as_it_is.then_some(name), calls: Some(name), element: None };
        of_action(action, id, about, Wrong::Leak { secret, named }, aim)
    };
    secrets.into_iter().map(leak).collect()
}
