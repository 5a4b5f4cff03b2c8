//! Which emoji stand in a text. Variation selectors and skin tones do not count; flags are one emoji, and so is what zero-width
//! joiners put together.

/// Most emoji in one run.
const RUN_MAX: usize = 16;

/// Longest emoji, in bytes: a family of four has 25.
const EMOJI_BYTES_MAX: usize = 64;

const JOINER: char = '\u{200D}';

/// Pictures and symbols that people look for, by block of Unicode. Symbols that stand for letters are words.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{25A0}'..='\u{2775}' | '\u{2794}'..='\u{27BF}'
        | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1F0FF}' | '\u{1F1E6}'..='\u{1F1FF}'
        | '\u{1F300}'..='\u{1FAFF}')
        && !is_skin_tone(c)
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

fn is_half_of_flag(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0020}'..='\u{E007F}')
}

/// Emoji that stand beside one another, with nothing or spaces and signs between them.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// With a space between.
    text: String,
    count: usize,
    last: Last,
}

/// What the last character was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    Emoji,
    /// The first half of a flag.
    Half,
    /// A zero-width joiner behind an emoji.
    Joiner,
}

impl Run {
    /// Reads a character that is in no word. Whether the run is full and has to end.
    pub(super) fn read(&mut self, c: char) -> bool {
        let is_long =
            self.text.len() - self.text.rfind(' ').map_or(0, |at| at + 1) > EMOJI_BYTES_MAX;
        self.last = match (self.last, c) {
            (last, '\u{FE00}'..='\u{FE0F}') => last,
            (last, c) if is_skin_tone(c) => last,
            (Last::Emoji, JOINER) => Last::Joiner,
            (Last::Emoji, c) if is_tag(c) => {
                if !is_long {
                    self.text.push(c);
                }
                Last::Emoji
            }
            (Last::Joiner, c) if is_emoji(c) && !is_half_of_flag(c) && !is_long => {
                self.text.extend([JOINER, c]);
                Last::Emoji
            }
            (Last::Half, c) if is_half_of_flag(c) => {
                self.text.push(c);
                Last::Emoji
            }
            (_, c) if is_emoji(c) => {
                if self.count > 0 {
                    self.text.push(' ');
                }
                self.text.push(c);
                self.count += 1;
                match is_half_of_flag(c) {
                    true => Last::Half,
                    false => Last::Emoji,
                }
            }
            _ => Last::Other,
        };
        self.count >= RUN_MAX
    }

    /// What follows is not part of the last emoji.
    pub(super) fn end_piece(&mut self) {
        self.last = Last::Other;
    }

    /// The run, if there was any; another begins.
    pub(super) fn end(&mut self) -> Option<String> {
        let run = std::mem::take(self);
        (run.count > 0).then_some(run.text)
    }
}
