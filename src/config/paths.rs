//! The paths of the configuration file and of the store: from flags, else from the environment, else in the directories of the XDG
//! base directory specification and of systemd.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::problem::ConfigError;
use super::{Config, Origin};

/// The variable in which systemd names the state directory of a service.
pub const STATE_DIRECTORY: &str = "STATE_DIRECTORY";

/// The flags of the command line that the configuration depends on.
#[derive(Debug, Clone, Default)]
pub struct ConfigFlags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--db`.
    pub db: Option<PathBuf>,
    /// `run --sample`: the embedded configuration with its own store.
    pub sample: bool,
    /// `run --listen`: overrides `server.listen`.
    pub listen: Vec<String>,
}

/// The configuration file; `None` if no path is flags and no default file exists.
pub fn config_file(flags: &ConfigFlags, env: &Environment) -> Option<PathBuf> {
    if let Some(path) = &flags.config {
        return Some(path.clone());
    }
    if let Some(path) = env.path("NEWSWIRE_CONFIG") {
        return Some(path);
    }
    let user =
        xdg_directory(env, "XDG_CONFIG_HOME", ".config").map(|b| b.join("newswire/newswire.toml"));
    let system = PathBuf::from("/etc/newswire/newswire.toml");
    user.into_iter().chain([system]).find(|p| p.is_file())
}

/// The store, if a flag or a variable names it.
pub fn named_store(flags: &ConfigFlags, env: &Environment) -> Option<PathBuf> {
    flags.db.clone().or_else(|| env.path("NEWSWIRE_DB"))
}

/// The store and the origin of its path; `declared` is `store.path` with its origin.
///
/// # Errors
/// [`ConfigError::NoStorePath`] if nothing names a directory.
pub fn store_file(
    flags: &ConfigFlags,
    env: &Environment,
    declared: Option<(PathBuf, Origin)>,
) -> Result<(PathBuf, Origin), ConfigError> {
    if let Some(path) = &flags.db {
        return Ok((path.clone(), Origin::Flag("--db")));
    }
    if let Some(path) = env.path("NEWSWIRE_DB") {
        return Ok((path, Origin::Env("NEWSWIRE_DB".to_owned())));
    }
    if let Some(declared) = declared {
        return Ok(declared);
    }
    let file = if flags.sample {
        "newswire-sample.db"
    } else {
        "newswire.db"
    };
    // The variable has several directories, separated by colons, if the unit names several.
    if let Some(list) = env.get(STATE_DIRECTORY)
        && let Some(first) = std::env::split_paths(list).next()
    {
        return Ok((first.join(file), Origin::Env(STATE_DIRECTORY.to_owned())));
    }
    let base =
        xdg_directory(env, "XDG_DATA_HOME", ".local/share").ok_or(ConfigError::NoStorePath)?;
    Ok((base.join("newswire").join(file), Origin::Default))
}

/// A relative path in the configuration file is relative to the directory of the file, others to the working directory.
pub fn resolve(config: Option<&Path>, path: PathBuf, origin: &Origin) -> PathBuf {
    match (config.and_then(Path::parent), origin) {
        (Some(directory), Origin::Line(_)) if path.is_relative() => directory.join(path),
        _ => path,
    }
}

/// An XDG directory. Relative values are ignored, as the specification requires.
fn xdg_directory(env: &Environment, name: &str, below_home: &str) -> Option<PathBuf> {
    env.path(name)
        .filter(|p| p.is_absolute())
        .or_else(|| env.path("HOME").map(|home| home.join(below_home)))
}

impl Config {
    /// The origin of this configuration, for people.
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
    fn a_flag_overrides_the_environment() {
        let flags = ConfigFlags {
            config: Some("a.toml".into()),
            db: Some("a.db".into()),
            ..ConfigFlags::default()
        };
        let env = env(&[("NEWSWIRE_CONFIG", "b.toml"), ("NEWSWIRE_DB", "b.db")]);
        assert_eq!(config_file(&flags, &env), Some("a.toml".into()));
        assert_eq!(
            store_file(&flags, &env, None).unwrap(),
            ("a.db".into(), Origin::Flag("--db"))
        );
        let none = ConfigFlags::default();
        assert_eq!(config_file(&none, &env), Some("b.toml".into()));
        let declared = Some((PathBuf::from("c.db"), Origin::Line(2)));
        assert_eq!(
            store_file(&none, &env, declared).unwrap().0,
            PathBuf::from("b.db")
        );
    }

    #[test]
    fn the_file_overrides_systemd_which_overrides_xdg() {
        let none = ConfigFlags::default();
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
    fn the_sample_has_its_own_store() {
        let sample = ConfigFlags {
            sample: true,
            ..ConfigFlags::default()
        };
        let home = env(&[("HOME", "/h")]);
        assert_eq!(
            store_file(&sample, &home, None).unwrap().0,
            PathBuf::from("/h/.local/share/newswire/newswire-sample.db")
        );
    }

    #[test]
    fn relative_paths_are_relative_to_the_file() {
        let config = Path::new("/etc/newswire/newswire.toml");
        assert_eq!(
            resolve(Some(config), "ca.pem".into(), &Origin::Line(1)),
            PathBuf::from("/etc/newswire/ca.pem")
        );
        assert_eq!(
            resolve(Some(config), "/x/ca.pem".into(), &Origin::Line(1)),
            PathBuf::from("/x/ca.pem")
        );
        let variable = Origin::Env("NEWSWIRE_FETCH__EXTRA_CA".into());
        assert_eq!(
            resolve(Some(config), "ca.pem".into(), &variable),
            PathBuf::from("ca.pem")
        );
    }
}
