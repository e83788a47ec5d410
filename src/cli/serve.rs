//! `iamspec serve`: the embedded reference, for clients to try.

use std::io::Write;

use super::fail::Failure;
use crate::api::DialectId;
use crate::launch::variable;
use crate::reference::server::{Server, ServerOptions};
use crate::report::tally::exit;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The account's own key is AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when both are set, else made up and printed.

Example:
  iamspec serve --dialect aws --port 4566 &
  aws iam create-user --user-name Bob --endpoint-url http://127.0.0.1:4566")]
pub struct Args {
    /// How it puts the API on the wire
    #[arg(long, value_name = "DIALECT", default_value = "eim")]
    dialect: DialectId,
    /// Port on 127.0.0.1; 0: a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Decides ids and secrets
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// Serves until Ctrl-C.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let given = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let made_up = given.is_none();
    let options = ServerOptions { port: args.port, root_key: given, seed: args.seed, ..ServerOptions::new(args.dialect) };
    let server = Server::start(options).map_err(|why| Failure::broken(format!("cannot serve the {} reference: {why}", args.dialect)))?;

    let mut out = std::io::stdout().lock();
    let (endpoint, region, key) = (&server.endpoint, &server.region, &server.credentials);
    writeln!(out, "{} reference at {endpoint} (Ctrl-C stops it)", args.dialect)?;
    writeln!(out, "region    {region}, service {}", server.service)?;
    writeln!(out, "key       {}{}", key.access_key_id, if made_up { " (made up)" } else { " (from AWS_ACCESS_KEY_ID)" })?;
    let secret = if made_up { format!(" AWS_SECRET_ACCESS_KEY={}", key.secret) } else { String::new() };
    writeln!(out, "paste     export AWS_ENDPOINT_URL_IAM={endpoint} AWS_REGION={region} AWS_ACCESS_KEY_ID={}{secret}", key.access_key_id)?;
    writeln!(out, "try       aws iam list-users --endpoint-url {endpoint} --region {region}")?;
    out.flush()?;
    drop(out);
    server.wait().map_err(|why| Failure::broken(format!("cannot wait for Ctrl-C: {why}")))?;
    Ok(exit::OK)
}
