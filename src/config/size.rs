//! Sizes as people write them: `10MiB`. There are no fractions, so that every text has one meaning.

use crate::model::span::split_number;

/// Reads `4096`, `16 KiB`, `10MiB`, `5MB`, `1G`. Powers of two but for `kB`, `MB`, `GB`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (number, unit) = split_number(text.trim());
    let number: u64 = number
        .parse()
        .map_err(|_| "expected a number of bytes, as in \"10MiB\"".to_owned())?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err("the units are KiB, MiB, GiB, kB, MB and GB".to_owned()),
    };
    number
        .checked_mul(factor)
        .ok_or_else(|| "the size is too large".to_owned())
}

/// The shortest text that [`parse_size`] reads back as the same size, in powers of two.
pub fn show_size(bytes: u64) -> String {
    for (unit, factor) in [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_two_unless_they_say_otherwise() {
        assert_eq!(parse_size("10MiB"), Ok(10 << 20));
        assert_eq!(parse_size("10 M"), Ok(10 << 20));
        assert_eq!(parse_size("5MB"), Ok(5_000_000));
        assert_eq!(parse_size("512"), Ok(512));
        assert!(parse_size("10 MiBs").is_err());
        assert!(parse_size("99999999999999999 GiB").is_err());
        assert_eq!(show_size(16 << 20), "16MiB");
        assert_eq!(show_size(1000), "1000");
    }
}
