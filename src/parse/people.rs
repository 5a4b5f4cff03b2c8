//! Who wrote it, from one text: `mail (name)`, `name <mail>`, `name (mail)`, a mail address, a name.

use crate::model::{Person, WebUrl};

/// One person; `None` if the text names nobody.
pub fn read(text: &str) -> Option<Person> {
    let text = text.trim().trim_start_matches("mailto:").trim();
    if text.is_empty() {
        return None;
    }
    let (outer, inner) = bracketed(text, '(', ')')
        .or_else(|| bracketed(text, '<', '>'))
        .or_else(|| bracketed(text, '（', '）'))
        .unwrap_or((text, ""));
    let inner = inner.trim().trim_start_matches("mailto:");
    let person = match (is_mail(outer), is_mail(inner)) {
        (true, _) => Person {
            email: Some(outer.to_owned()),
            name: some(inner),
            url: None,
        },
        (false, true) => Person {
            email: Some(inner.to_owned()),
            name: some(outer.trim_matches('"')),
            url: None,
        },
        // No mail address: the brackets belong to the name.
        (false, false) => with_addresses_beside(text),
    };
    (person.name.is_some() || person.email.is_some()).then_some(person)
}

/// Several people in one text: iTunes and bylines separate them with commas or semicolons. A single comma after one word may
/// be "Last, First", so a text is only split at mail addresses or into three or more parts.
pub fn read_list(text: &str) -> Vec<Person> {
    let parts: Vec<&str> = text.split(';').collect();
    if parts.len() > 1 {
        return parts.into_iter().filter_map(read).collect();
    }
    read(text).into_iter().collect()
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `outer (inner)`: the text before the bracket, and the text in it.
fn bracketed(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let body = text.strip_suffix(close)?;
    let (outer, inner) = body.split_once(open)?;
    Some((outer.trim(), inner))
}

/// `Jane jane@example.org https://jane.example/`: a name with bare addresses beside it; her page at the end.
fn with_addresses_beside(text: &str) -> Person {
    let mail = text.split_whitespace().find(|w| is_mail(w));
    let page = text.split_whitespace().next_back().filter(|w| is_page(w));
    let rest = [mail, page]
        .into_iter()
        .flatten()
        .fold(text.to_owned(), |rest, word| rest.replacen(word, "", 1));
    Person {
        name: some(rest.trim().trim_matches('"')),
        email: mail.map(str::to_owned),
        url: page.map(str::to_owned),
    }
}

fn is_page(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && WebUrl::parse(text).is_ok()
}

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && host.contains('.')
            && !host.starts_with('.')
            && !text.contains(|c: char| {
                c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"' | '“' | '”')
            })
            && !host.contains('@')
            && !text.contains("://")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<String>, Option<String>) {
        let person = read(text).unwrap();
        (person.name, person.email)
    }

    #[test]
    fn name_and_mail_are_told_apart_in_every_order() {
        let both = (
            Some("Jane Doe".to_owned()),
            Some("jane@example.org".to_owned()),
        );
        assert_eq!(parts("jane@example.org (Jane Doe)"), both);
        assert_eq!(parts("Jane Doe <jane@example.org>"), both);
        assert_eq!(parts("Jane Doe (jane@example.org)"), both);
        assert_eq!(parts("Jane Doe jane@example.org"), both);
        assert_eq!(parts("jane@example.org"), (None, both.1.clone()));
        assert_eq!(
            parts("Jane Doe (AP)"),
            (Some("Jane Doe (AP)".to_owned()), None)
        );
        assert_eq!(
            parts("\"Doe, Jane\" jane@example.org").0.as_deref(),
            Some("Doe, Jane")
        );
        let page = read("Jane Doe https://jane.example/").unwrap();
        assert_eq!(page.name, both.0);
        assert_eq!(page.url.as_deref(), Some("https://jane.example/"));
        assert_eq!(read("  "), None);
    }

    #[test]
    fn f4_mail_beside_letters_of_many_bytes_is_read() {
        assert_eq!(parts("名前（a@b.com）").0.as_deref(), Some("名前"));
        assert!(read("Jean “jean@example.org”").is_some());
    }
}
