//! Appends events to a file, a JSON object per line: all lines of a batch or none. A part of a line that a crash or a full disk left is
//! removed first. Never follows a symbolic link, and never writes to anything but a regular file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Longest part of a line that is looked through for its beginning, in bytes.
const TAIL_BYTES_MAX: u64 = 4 << 20;

/// Appends whole lines.
///
/// # Errors
/// The reason. The file then ends as before.
pub(super) fn append(path: &Path, lines: &str) -> Result<(), String> {
    write(path, lines).map_err(|e| {
        let what = match e.raw_os_error() {
            Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => {
                "it is a symbolic link".to_owned()
            }
            _ => e.to_string(),
        };
        // The path is in the configuration; what is shown over HTTP has its last part only.
        let name = path.file_name().unwrap_or_default();
        format!("cannot write {}: {what}", name.display())
    })
}

fn write(path: &Path, lines: &str) -> io::Result<()> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let end = end_of_lines(&mut file)?;
    let written = file
        .write_all(lines.as_bytes())
        .and_then(|()| file.sync_data());
    if written.is_err() {
        // If this fails too, the next write removes the rest.
        let _ = file.set_len(end);
    }
    written
}

/// Removes a part of one of our lines at the end; after a line of someone else, a line break is written. Returns where the file ends.
fn end_of_lines(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL_BYTES_MAX);
    let mut tail = Vec::new();
    let mut last = [0];
    if length > 0 {
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut last)?;
    }
    if length == 0 || last == *b"\n" {
        return Ok(length);
    }
    file.seek(SeekFrom::Start(from))?;
    file.take(length - from).read_to_end(&mut tail)?;
    let line = tail
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let part = tail.get(line..).unwrap_or_default();
    let mark = br#"{"id":"msg_"#;
    let is_ours = part.starts_with(mark) || mark.starts_with(part);
    if is_ours {
        let end = from + u64::try_from(line).unwrap_or(0);
        file.set_len(end)?;
        return Ok(end);
    }
    file.write_all(b"\n")?;
    Ok(length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn lines_are_appended_and_a_part_of_a_line_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        append(&path, "{\"id\":\"msg_1\"}\n").unwrap();
        append(&path, "{\"id\":\"msg_2\"}\n{\"id\":\"msg_3\"}\n").unwrap();
        let whole = read(&path);
        assert_eq!(whole.lines().count(), 3);
        for part in ["{\"id\":\"msg_4\",\"ty", "{\"i", "{"] {
            std::fs::write(&path, format!("{whole}{part}")).unwrap();
            append(&path, "{\"id\":\"msg_4\"}\n").unwrap();
            assert_eq!(read(&path), format!("{whole}{{\"id\":\"msg_4\"}}\n"));
        }
    }

    #[test]
    fn an_error_names_the_file_and_not_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let why = append(&dir.path().join("none/events.jsonl"), "{}\n").unwrap_err();
        assert!(why.starts_with("cannot write events.jsonl: "), "{why}");
        assert!(!why.contains(dir.path().to_str().unwrap()), "{why}");
    }

    #[test]
    fn what_is_not_ours_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notes");
        std::fs::write(&path, "a note without end").unwrap();
        append(&path, "{\"id\":\"msg_1\"}\n").unwrap();
        assert_eq!(read(&path), "a note without end\n{\"id\":\"msg_1\"}\n");
    }

    #[test]
    fn sec_19_links_pipes_and_directories_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let aim = dir.path().join("aim");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&aim, &link).unwrap();
        assert!(append(&link, "x\n").unwrap_err().contains("symbolic link"));
        assert!(!aim.exists());
        assert!(append(dir.path(), "x\n").is_err());
        let fresh = dir.path().join("fresh");
        append(&fresh, "x\n").unwrap();
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&fresh).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }

    #[test]
    fn rel_02_a_full_disk_leaves_whole_lines() {
        assert!(append(Path::new("/dev/full"), "x\n").is_err());
    }
}
