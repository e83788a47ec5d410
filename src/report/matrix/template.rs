//! Templates with escaping on: whatever a value holds, it is text in the document.

use std::io;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment};

/// Renders a template of HTML or SVG.
///
/// # Errors
/// When the template is wrong or uses what the values do not have.
pub fn render(name: &str, template: &str, values: Value) -> io::Result<String> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let wrong = |why: minijinja::Error| io::Error::other(format!("the template {name}: {why:#}"));
    let parsed = env.template_from_named_str(name, template).map_err(wrong)?;
    parsed.render(values).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn values_are_text_and_nothing_else() {
        let text = render("t", "<a b=\"{{ v }}\">{{ v }}</a>", context! { v => "\"><script>x</script>'&" }).unwrap();
        assert!(!text.contains("<script>") && !text.contains("\"\""), "{text}");
        assert!(render("t", "{{ absent }}", context! {}).is_err(), "a missing value is a mistake, not an empty text");
    }
}
