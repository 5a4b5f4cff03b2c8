//! Which configuration file is read and where the store lies (contract.md): flags, then the environment, then
//! the folders of the XDG base directory specification and of systemd.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::problem::ConfigError;
use super::{Config, Origin};

/// The variable in which systemd names the folder of a service's state.
pub const STATE_DIRECTORY: &str = "STATE_DIRECTORY";

/// What the command line said about places.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--db`.
    pub db: Option<PathBuf>,
    /// `run --sample`: the embedded configuration, and a store of its own.
    pub sample: bool,
    /// `run --listen`: replaces `server.listen`.
    pub listen: Vec<String>,
}

/// The file to read; `None` if there is none and none was given.
pub fn config_file(given: &Given, env: &Environment) -> Option<PathBuf> {
    if let Some(path) = &given.config {
        return Some(path.clone());
    }
    if let Some(path) = env.path("NEWSWIRE_CONFIG") {
        return Some(path);
    }
    let user = base(env, "XDG_CONFIG_HOME", ".config").map(|b| b.join("newswire/newswire.toml"));
    let system = PathBuf::from("/etc/newswire/newswire.toml");
    user.into_iter().chain([system]).find(|p| p.is_file())
}

/// The store's file, if the command line or the environment names it.
pub fn named_store(given: &Given, env: &Environment) -> Option<PathBuf> {
    given.db.clone().or_else(|| env.path("NEWSWIRE_DB"))
}

/// The store's file and where that comes from; `declared` is `store.path` with its place.
pub fn store_file(
    given: &Given,
    env: &Environment,
    declared: Option<(PathBuf, Origin)>,
) -> Result<(PathBuf, Origin), ConfigError> {
    if let Some(path) = &given.db {
        return Ok((path.clone(), Origin::Flag("--db")));
    }
    if let Some(path) = env.path("NEWSWIRE_DB") {
        return Ok((path, Origin::Env("NEWSWIRE_DB".to_owned())));
    }
    if let Some(declared) = declared {
        return Ok(declared);
    }
    let file = if given.sample {
        "newswire-sample.db"
    } else {
        "newswire.db"
    };
    // systemd gives several directories separated by colons where a unit names several.
    if let Some(list) = env.get(STATE_DIRECTORY)
        && let Some(first) = std::env::split_paths(list).next()
    {
        return Ok((first.join(file), Origin::Env(STATE_DIRECTORY.to_owned())));
    }
    let base = base(env, "XDG_DATA_HOME", ".local/share").ok_or(ConfigError::NoPlace)?;
    Ok((base.join("newswire").join(file), Origin::Default))
}

/// A relative path in the configuration counts from the folder of its file, elsewhere from the working directory.
pub fn beside(config: Option<&Path>, path: PathBuf, origin: &Origin) -> PathBuf {
    match (config.and_then(Path::parent), origin) {
        (Some(folder), Origin::Line(_)) if path.is_relative() => folder.join(path),
        _ => path,
    }
}

/// An XDG folder. Relative values are ignored, as the specification says.
fn base(env: &Environment, name: &str, below_home: &str) -> Option<PathBuf> {
    env.path(name)
        .filter(|p| p.is_absolute())
        .or_else(|| env.path("HOME").map(|home| home.join(below_home)))
}

impl Config {
    /// Where this configuration comes from, for people.
    pub fn source(&self) -> String {
        match &self.file {
            Some(path) => path.display().to_string(),
            None if self.is_sample => "the built-in sample".to_owned(),
            None => "built-in defaults".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().copied().collect()
    }

    #[test]
    fn the_flag_wins_over_the_environment() {
        let given = Given {
            config: Some("a.toml".into()),
            db: Some("a.db".into()),
            ..Given::default()
        };
        let env = env(&[("NEWSWIRE_CONFIG", "b.toml"), ("NEWSWIRE_DB", "b.db")]);
        assert_eq!(config_file(&given, &env), Some("a.toml".into()));
        assert_eq!(
            store_file(&given, &env, None).unwrap(),
            ("a.db".into(), Origin::Flag("--db"))
        );
        let none = Given::default();
        assert_eq!(config_file(&none, &env), Some("b.toml".into()));
        let declared = Some((PathBuf::from("c.db"), Origin::Line(2)));
        assert_eq!(
            store_file(&none, &env, declared).unwrap().0,
            PathBuf::from("b.db")
        );
    }

    #[test]
    fn the_file_wins_over_systemd_and_that_over_xdg() {
        let none = Given::default();
        let both = env(&[
            ("STATE_DIRECTORY", "/var/lib/n:/x"),
            ("XDG_DATA_HOME", "/d"),
        ]);
        let declared = Some((PathBuf::from("/c.db"), Origin::Line(2)));
        assert_eq!(
            store_file(&none, &both, declared).unwrap().0,
            PathBuf::from("/c.db")
        );
        assert_eq!(
            store_file(&none, &both, None).unwrap(),
            (
                "/var/lib/n/newswire.db".into(),
                Origin::Env("STATE_DIRECTORY".into())
            )
        );
        let home = env(&[
            ("HOME", "/h"),
            ("XDG_DATA_HOME", "relative"),
            ("NEWSWIRE_DB", ""),
        ]);
        assert_eq!(
            store_file(&none, &home, None).unwrap().0,
            PathBuf::from("/h/.local/share/newswire/newswire.db")
        );
        assert!(store_file(&none, &env(&[]), None).is_err());
    }

    #[test]
    fn a_sample_has_a_store_of_its_own() {
        let sample = Given {
            sample: true,
            ..Given::default()
        };
        let home = env(&[("HOME", "/h")]);
        assert_eq!(
            store_file(&sample, &home, None).unwrap().0,
            PathBuf::from("/h/.local/share/newswire/newswire-sample.db")
        );
    }

    #[test]
    fn relative_paths_count_from_the_file() {
        let config = Path::new("/etc/newswire/newswire.toml");
        assert_eq!(
            beside(Some(config), "ca.pem".into(), &Origin::Line(1)),
            PathBuf::from("/etc/newswire/ca.pem")
        );
        assert_eq!(
            beside(Some(config), "/x/ca.pem".into(), &Origin::Line(1)),
            PathBuf::from("/x/ca.pem")
        );
        let variable = Origin::Env("NEWSWIRE_FETCH__EXTRA_CA".into());
        assert_eq!(
            beside(Some(config), "ca.pem".into(), &variable),
            PathBuf::from("ca.pem")
        );
    }
}
