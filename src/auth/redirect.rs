//! Where a redirect leads: to a path of the endpoint itself, or to another host. What browsers are tricked by is taken for the worse.

/// Path and query that a redirect names on the endpoint itself; else the host that it names.
pub(super) fn target(endpoint: &str, location: &str) -> Result<(String, String), String> {
    let (there, rest) = split(location);
    if let Some(there) = there {
        let here = split(endpoint).0.map(|here| origin(here, ""));
        let scheme = here.as_deref().and_then(|here| here.split(':').next()).unwrap_or_default();
        let there = origin(there, scheme);
        if here.as_deref() != Some(there.as_str()) {
            return Err(there);
        }
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Ok((format!("/{}", path.trim_start_matches('/')), query.to_owned()))
}

/// The path that a redirect names, on whatever host.
pub(super) fn path_of(location: &str) -> &str {
    split(location).1.split(['?', '#']).next().unwrap_or_default()
}

/// A reference as scheme and authority (`https://host:4443`, `//host`; none: it has neither) and the rest. What browsers take for a
/// slash is one.
fn split(reference: &str) -> (Option<&str>, &str) {
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let authority = match reference.find(':') {
        Some(colon) if reference[..colon].bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) => colon + 1,
        _ if reference.starts_with("//") || reference.starts_with("/\\") || reference.starts_with('\\') => 0,
        _ => return (None, reference),
    };
    let host = authority + reference[authority..].find(|c| !is_slash(c)).unwrap_or(reference.len() - authority);
    let end = host + reference[host..].find(|c| is_slash(c) || matches!(c, '?' | '#')).unwrap_or(reference.len() - host);
    (Some(&reference[..end]), &reference[end..])
}

/// Scheme, host and port in lower case, without user and password; `scheme` where there is none.
fn origin(authority: &str, scheme: &str) -> String {
    let (own, rest) = authority.split_once(':').filter(|(own, _)| !own.contains(['/', '\\'])).unwrap_or((scheme, authority));
    let host = rest.trim_start_matches(['/', '\\']);
    let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let scheme = own.to_ascii_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", host.strip_suffix(default).unwrap_or(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_port_may_be_left_out() {
        for (endpoint, location) in [("https://a", "https://A:443/x"), ("https://a:443", "https://a/x"), ("http://a", "http://a:80/x")] {
            assert_eq!(target(endpoint, location), Ok(("/x".into(), String::new())));
        }
        assert_eq!(target("https://a", "http://a/x"), Err("http://a".into()));
        assert_eq!(target("http://[::1]:4443", "//[::1]:4443/x"), Ok(("/x".into(), String::new())));
    }

    #[test]
    fn no_location_panics_or_leaves_the_host() {
        arbtest::arbtest(|u| {
            let start = *u.choose(&["", "/", "//", "https:", "https://", "\\", "HTTPS://ecs.example.com:4443", ":"])?;
            let location = format!("{start}{}", u.arbitrary::<String>()?);
            if let Ok((path, _)) = target("https://ecs.example.com:4443", &location) {
                assert!(path.starts_with('/') && !path.starts_with("//"), "{location:?}: {path:?}");
            }
            let _ = path_of(&location);
            Ok(())
        });
    }
}
