//! REL-06: links that name no article, and session ids that change at every poll: nothing is lost, nothing is doubled.

use super::identity::{Item, Paper, item, titles};

const PAGE: &str = "https://a.example/weather";

fn dated<'a>(title: &'a str, date: &'a str) -> Item<'a> {
    Item {
        date,
        ..item("", PAGE, title)
    }
}

const MONDAY: &str = "Mon, 03 Mar 2025 09:00:00 GMT";
const TUESDAY: &str = "Tue, 04 Mar 2025 09:00:00 GMT";
const WEDNESDAY: &str = "Wed, 05 Mar 2025 09:00:00 GMT";

#[tokio::test]
async fn rel_06_items_on_one_link_without_guids_are_articles_of_their_own() {
    let paper = Paper::new().await;
    let items = ["Storm ahead", "Sun again", "Fog at sea"].map(|t| item("", PAGE, t));
    assert_eq!(paper.prints(&items).await, (3, 0));
    assert_eq!(paper.prints(&items).await, (0, 0));
    for left in [&items[..2], &items[1..], &items[1..2]] {
        assert_eq!(paper.prints(left).await, (0, 0));
    }
    assert_eq!(
        paper.titles(),
        titles(["Storm ahead", "Sun again", "Fog at sea"])
    );
}

#[tokio::test]
async fn rel_06_one_headline_on_one_link_is_told_apart_by_its_dates() {
    let paper = Paper::new().await;
    let items = [
        dated("Daily report", TUESDAY),
        dated("Daily report", MONDAY),
    ];
    assert_eq!(paper.prints(&items).await, (2, 0));
    assert_eq!(paper.prints(&items).await, (0, 0));
}

#[tokio::test]
async fn rel_06_another_headline_with_a_newer_date_on_the_link_is_a_new_article() {
    let paper = Paper::new().await;
    assert_eq!(paper.prints(&[dated("Storm ahead", MONDAY)]).await, (1, 0));
    assert_eq!(
        paper.prints(&[dated("Calm and sunny", TUESDAY)]).await,
        (1, 0)
    );
    assert_eq!(
        paper.prints(&[dated("Calm and sunny", TUESDAY)]).await,
        (0, 0)
    );
    // A correction of the second, then a third.
    assert_eq!(
        paper.prints(&[dated("Calm, sunny day", TUESDAY)]).await,
        (0, 1)
    );
    assert_eq!(
        paper.prints(&[dated("Fog at sea", WEDNESDAY)]).await,
        (1, 0)
    );
    assert_eq!(
        paper.titles(),
        titles(["Storm ahead", "Calm, sunny day", "Fog at sea"])
    );
}

#[tokio::test]
async fn rel_06_corrected_headlines_and_true_duplicates_are_no_new_articles() {
    let paper = Paper::new().await;
    assert_eq!(
        paper
            .prints(&[dated("Strom ahead for ships", MONDAY)])
            .await,
        (1, 0)
    );
    assert_eq!(
        paper
            .prints(&[dated("Storm ahead for ships", TUESDAY)])
            .await,
        (0, 1)
    );
    assert_eq!(
        paper.prints(&[dated("Another headline", TUESDAY)]).await,
        (0, 1),
        "same date"
    );
    let twice = [
        dated("Another headline", TUESDAY),
        dated("Another headline", TUESDAY),
    ];
    assert_eq!(paper.prints(&twice).await, (0, 0));
    let undated = item("", PAGE, "A headline without a date");
    assert_eq!(paper.prints(&[undated]).await, (0, 1));
}

#[tokio::test]
async fn rel_06_session_ids_in_links_make_no_new_articles() {
    let forms: [fn(usize, &str) -> String; 4] = [
        |n, s| format!("https://a.example/{n};jsessionid={s}"),
        |n, s| format!("https://a.example/?id={n}&PHPSESSID={s}"),
        |n, s| format!("https://a.example/story?t={s}&id={n}"),
        |n, s| format!("https://a.example/story/{n}?auth={s}"),
    ];
    for form in forms {
        for has_guid in [false, true] {
            let paper = Paper::new().await;
            for (poll, session) in ["9f3ab12c77", "77c3ab12c9", "c1d2e3f4a5"]
                .iter()
                .enumerate()
            {
                let links = [1, 2, 3].map(|n| form(n, session));
                let names = ["Boats", "Buoys", "Tides"];
                let items: Vec<Item<'_>> = links
                    .iter()
                    .zip(names)
                    .map(|(link, title)| item(if has_guid { link } else { "" }, link, title))
                    .collect();
                let (new, changed) = paper.prints(&items).await;
                assert_eq!(
                    (new, changed),
                    (if poll == 0 { 3 } else { 0 }, 0),
                    "{}",
                    links[0]
                );
            }
        }
    }
}
