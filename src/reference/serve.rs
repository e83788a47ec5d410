//! `iamspec serve`: starts the server, says how to use it, and waits for Ctrl-C.

use std::io::{self, Write};

use super::server::{Server, ServerOptions};
use crate::api::DialectId;

/// Id and secret in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, when both are set: a stock client that reads the same variables
/// needs nothing but the endpoint.
pub fn root_key_from_environment() -> Option<(String, String)> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"))
}

/// Starts a server, writes to `out` how to reach it, and serves until Ctrl-C.
///
/// # Errors
/// When the server cannot be started or `out` not be written to.
pub fn serve(options: ServerOptions, out: &mut dyn Write) -> io::Result<()> {
    let (dialect, own_key) = (options.dialect, options.root_key.is_some());
    let server = Server::start(options)?;
    out.write_all(introduction(&server, dialect, own_key).as_bytes())?;
    out.flush()?;
    server.wait()
}

/// Endpoint, region, key, and lines to paste. A secret that the caller brought along is not shown.
fn introduction(server: &Server, dialect: DialectId, own_key: bool) -> String {
    let Server { endpoint, region, credentials, .. } = server;
    let id = &credentials.access_key_id;
    let secret = &credentials.secret;
    let mut text = format!("The {dialect} reference is at {endpoint}. Ctrl-C stops it; nothing is kept.\n\n");
    text += &format!("endpoint           {endpoint}\nregion             {region}\naccess key id      {id}\n");
    if own_key {
        text += "secret access key  (as given)\n\n";
        text += &format!("aws cli    aws --endpoint-url {endpoint} --region {region} iam list-users\n");
        text += &format!("boto3      boto3.client(\"iam\", endpoint_url=\"{endpoint}\", region_name=\"{region}\")\n");
    } else {
        text += &format!("secret access key  {secret}\n\n");
        text += &format!(
            "aws cli    AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret} aws --endpoint-url {endpoint} --region {region} iam list-users\n"
        );
        text += &format!(
            "boto3      boto3.client(\"iam\", endpoint_url=\"{endpoint}\", region_name=\"{region}\", aws_access_key_id=\"{id}\", \
             aws_secret_access_key=\"{secret}\")\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_secret_is_shown_and_a_given_one_is_not() {
        let server = Server::start(ServerOptions::new(DialectId::Eim)).unwrap();
        let text = introduction(&server, DialectId::Eim, false);
        assert!(text.contains(&server.endpoint) && text.contains("eu-west-2") && text.contains(&server.credentials.secret));

        let options = ServerOptions { root_key: Some(("AKIAMINE".into(), "hush".into())), ..ServerOptions::new(DialectId::Aws) };
        let server = Server::start(options).unwrap();
        let text = introduction(&server, DialectId::Aws, true);
        assert!(text.contains("AKIAMINE") && !text.contains("hush"), "{text}");
    }
}
