//! The documents hold: what README and `docs/` say can be done as they say it.

use crate::support::home::Home;

#[test]
fn the_printed_configurations_are_right() {
    let home = Home::empty();
    for (name, feeds) in [("example", "0 feeds"), ("sections", "0 feeds")] {
        let ran = home.run(&["config", name]);
        let printed = ran.exits(0);
        let file = home.write("printed.toml", printed);
        let ran = home.run(&["--config", file.to_str().unwrap(), "check"]);
        let checked = ran.exits(0);
        assert!(checked.contains(feeds), "{name}: {checked}");
        assert!(printed.starts_with("# "), "{name}");
    }
}
