//! Builders of feed documents.

/// One entry of a built feed.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// The guid or id.
    pub id: String,
    /// The headline.
    pub title: String,
    /// The page.
    pub link: String,
    /// The body, HTML.
    pub html: String,
    /// RFC 3339; RSS gets it as `dc:date`.
    pub date: Option<String>,
}

impl Item {
    /// Item `n` of a site: link, guid, headline and a paragraph that differ from every other number's.
    pub fn numbered(host: &str, n: usize) -> Self {
        Self {
            id: format!("tag:{host},2030:{n}"),
            title: format!("Report number {n} from {host}"),
            link: format!("https://{host}/articles/{n}"),
            html: format!(
                "<p>The council of {host} met for the {n}th time and counted {} boats.</p>",
                n * 7 + 3
            ),
            date: Some(format!("2030-01-{:02}T{:02}:00:00Z", n % 28 + 1, n % 24)),
        }
    }
}

/// An RSS 2.0 document.
pub fn rss(title: &str, items: &[Item]) -> String {
    let items: String = items
        .iter()
        .map(|i| {
            let date = i.date.as_deref().map_or_else(String::new, |d| format!("<dc:date>{d}</dc:date>"));
            format!(
                "<item><guid isPermaLink=\"false\">{}</guid><title>{}</title><link>{}</link>{date}<description>{}</description></item>\n",
                escape(&i.id), escape(&i.title), escape(&i.link), escape(&i.html)
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>{}</title>\n{items}</channel></rss>\n",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
