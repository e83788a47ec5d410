//! The command that repeats one trial.

use crate::api::DialectId;
use crate::dialect::{Configuration, Format, Style};
use crate::target::Target;

/// `iamspec run --target moto --wire xml users/DeleteUser/x`: `run` is the command up to what tells trials apart.
pub fn command(run: &str, target: &Target, configuration: Configuration, case: &str) -> String {
    let mut words = vec![run.to_owned()];
    if target.embedded && !run.contains(" --dialect ") {
        words.extend(["--dialect".to_owned(), configuration.dialect.to_string()]);
    }
    let format = match configuration.format {
        Format::Xml => "xml",
        Format::Json => "json",
    };
    words.extend(["--wire".to_owned(), format.to_owned()]);
    if configuration.style != Style::Form || configuration.dialect == DialectId::Ecs {
        words.extend(["--style".to_owned(), configuration.style.name().to_owned()]);
    }
    words.push(case.to_owned());
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Credentials;
    use crate::target::Profile;

    #[test]
    fn the_command_names_the_configuration() {
        let credentials = Credentials { access_key_id: "A".into(), secret: "a".into(), session_token: None };
        let mut target = Target::new(Profile::default(), "http://localhost:1", credentials, true).unwrap();
        let json = Configuration { dialect: DialectId::Eim, format: Format::Json, style: Style::Form };
        assert_eq!(command("iamspec run", &target, json, "users/X/y"), "iamspec run --dialect eim --wire json users/X/y");
        target.embedded = false;
        let query = Configuration { style: Style::Query, ..json };
        assert_eq!(command("iamspec run --target t", &target, query, "a/b/c"), "iamspec run --target t --wire json --style query a/b/c");
    }
}
