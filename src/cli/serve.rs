//! `iamspec serve`: the embedded reference, for clients to try.

use std::io::Write;
use std::path::PathBuf;

use super::fail::Failure;
use crate::api::DialectId;
use crate::auth::ecs_token::Login;
use crate::launch::variable;
use crate::reference::server::{Server, ServerOptions};
use crate::report::shell::quote;
use crate::report::tally::exit;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The account's own key is AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when both are set, else made up and printed; likewise on ecs the
management user's login, from ECS_USERNAME and ECS_PASSWORD.

Examples:
  iamspec serve --dialect aws --port 4566 &
  aws iam create-user --user-name Bob --endpoint-url http://127.0.0.1:4566

  iamspec serve --dialect ecs --namespace ns1 --namespace ns2 --tls --ca-out ca.pem")]
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
    /// Namespace, on ecs: an account of its own; repeatable. The key is the first one's
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    namespace: Vec<String>,
    /// Uses after which a login token expires, on ecs, for clients to show how they cope
    #[arg(long, value_name = "N")]
    token_uses: Option<u32>,
    /// Serve with TLS, under a certificate made for this
    #[arg(long)]
    tls: bool,
    /// Write the authority that a client must trust into this PEM file
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
}

/// A name that can stand in a header and in an ARN.
fn namespace(text: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if (1..=255).contains(&text.len()) && text.chars().all(legal) {
        Ok(text.to_owned())
    } else {
        Err("not 1 to 255 letters, digits, '-', '_' or '.'".into())
    }
}

/// Serves until Ctrl-C.
pub fn run(args: &Args) -> Result<i32, Failure> {
    if args.dialect != DialectId::Ecs && !args.namespace.is_empty() {
        return Err(Failure::usage(format!("--namespace goes with --dialect ecs: {} has one account", args.dialect)));
    }
    if args.dialect != DialectId::Ecs && args.token_uses.is_some() {
        return Err(Failure::usage(format!("--token-uses goes with --dialect ecs: {} has no login", args.dialect)));
    }
    let key = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let login = variable("ECS_USERNAME").zip(variable("ECS_PASSWORD"));
    if login.as_ref().is_some_and(|(user, _)| user.contains(':')) {
        return Err(Failure::usage("ECS_USERNAME holds a colon, which ends the name in a login: set another, or unset it"));
    }
    let made_up = MadeUp { key: key.is_none(), login: login.is_none() };
    let options = ServerOptions {
        port: args.port,
        root_key: key,
        login,
        namespaces: args.namespace.clone(),
        token_uses: args.token_uses,
        tls: args.tls,
        seed: args.seed,
        ..ServerOptions::new(args.dialect)
    };
    let server = Server::start(options).map_err(|why| Failure::broken(format!("cannot serve the {} reference: {why}", args.dialect)))?;
    if let Some((file, ca)) = args.ca_out.as_ref().zip(server.ca.as_ref()) {
        let failed = |why| Failure::usage(format!("cannot write the authority's certificate into {}: {why}", file.display()));
        std::fs::write(file, ca).map_err(failed)?;
    }

    // At once: who reads a pipe for the first line alone may close it then.
    let mut text = Vec::new();
    greet(&mut text, args, &server, &made_up)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&text)?;
    out.flush()?;
    drop(out);
    server.wait().map_err(|why| Failure::broken(format!("cannot wait for Ctrl-C: {why}")))?;
    Ok(exit::OK)
}

/// What was made up, so that it must be said.
struct MadeUp {
    key: bool,
    login: bool,
}

/// Says what is served, with lines that can be pasted. What came from the environment is not repeated.
fn greet(out: &mut impl Write, args: &Args, server: &Server, made_up: &MadeUp) -> std::io::Result<()> {
    let (base, region, key) = (&server.endpoint, &server.region, &server.credentials);
    let endpoint = if server.login.is_some() { format!("{base}/iam") } else { base.clone() };
    writeln!(out, "{} reference at {base} (Ctrl-C stops it)", args.dialect)?;
    match (&args.ca_out, args.tls) {
        (Some(file), _) => writeln!(out, "trust     {}", file.display())?,
        (None, true) => writeln!(out, "trust     nothing that a client has: --ca-out FILE writes the authority's certificate")?,
        (None, false) => {}
    }
    writeln!(out, "region    {region}, service {}", server.service)?;
    writeln!(out, "key       {}{}", key.access_key_id, if made_up.key { " (made up)" } else { " (from AWS_ACCESS_KEY_ID)" })?;
    let mut exports = format!("AWS_ENDPOINT_URL_IAM={endpoint} AWS_REGION={region} AWS_ACCESS_KEY_ID={}", quote(&key.access_key_id));
    if made_up.key {
        exports.push_str(&format!(" AWS_SECRET_ACCESS_KEY={}", quote(&key.secret)));
    }
    if let Some(file) = &args.ca_out {
        exports.push_str(&format!(" AWS_CA_BUNDLE={}", quote(&file.display().to_string())));
    }
    writeln!(out, "paste     export {exports}")?;
    writeln!(out, "try       aws iam list-users --endpoint-url {endpoint} --region {region}")?;
    match &server.login {
        Some(login) => greet_manager(out, args, server, login, made_up.login),
        None => Ok(()),
    }
}

/// The same for the management user of an ECS, as Dell's pages use curl.
fn greet_manager(out: &mut impl Write, args: &Args, server: &Server, login: &Login, made_up: bool) -> std::io::Result<()> {
    let base = &server.endpoint;
    let first = server.namespace.as_slice();
    let namespaces = if args.namespace.is_empty() { first } else { &args.namespace };
    writeln!(out, "login     {}{}", login.user, if made_up { " (made up)" } else { " (from ECS_USERNAME)" })?;
    writeln!(out, "namespace {}", namespaces.join(", "))?;
    let mut exports = format!("ECS_NAMESPACE={}", first.concat());
    if made_up {
        exports.push_str(&format!(" ECS_USERNAME={} ECS_PASSWORD={}", quote(&login.user), quote(&login.password)));
    }
    writeln!(out, "paste     export {exports}")?;
    let curl = match (&args.ca_out, args.tls) {
        (Some(file), _) => format!("curl -sS --cacert {}", quote(&file.display().to_string())),
        (None, true) => "curl -sS --insecure".to_owned(),
        (None, false) => "curl -sS".to_owned(),
    };
    let token = "tr -d '\\r' | awk 'tolower($1) == \"x-sds-auth-token:\" { print $2 }'";
    let with_token = "-H \"X-SDS-AUTH-TOKEN: $ECS_TOKEN\"";
    writeln!(out, "log in    ECS_TOKEN=$({curl} -o /dev/null -D - -u \"$ECS_USERNAME:$ECS_PASSWORD\" {base}/login | {token})")?;
    writeln!(out, "call      {curl} {with_token} -H \"x-emc-namespace: $ECS_NAMESPACE\" '{base}/iam?Action=ListUsers'")?;
    writeln!(out, "log out   {curl} {with_token} {base}/logout")
}
