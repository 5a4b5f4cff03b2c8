//! Classes of Unicode characters that several layers need.

/// Whether `c` is one of the 66 noncharacters (Unicode section 23.7), which HTML must not contain.
#[must_use]
pub fn is_noncharacter(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::is_noncharacter;

    #[test]
    fn there_are_66_of_them() {
        let all = ('\0'..=char::MAX).filter(|c| is_noncharacter(*c));
        assert_eq!(all.count(), 66);
    }
}
