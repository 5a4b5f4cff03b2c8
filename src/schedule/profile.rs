//! When in the week, the day and the hour a feed publishes: four small histograms in half articles, because an article
//! without a credible date counts half. The counts are integers that are halved now and then, so old articles lose weight
//! and the stored form is exact.

use std::time::Duration;

use super::bytes::{Reader, Writer};
use crate::model::Time;
use crate::model::span::{DAY, HOUR};

/// What one dated article adds.
pub const DATED: u16 = 2;
/// What one article adds if only the poll that found it is known.
pub const UNDATED: u16 = 1;

/// All counts are halved after this, because habits change.
const HALVED_EVERY: Duration = DAY.saturating_mul(28);

/// Counts that are all halved when one of them would exceed `MAX`.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts<const N: usize, const MAX: u16>(pub [u16; N]);

/// One byte a bin, which is 127 articles in the fullest: enough for 48 bins.
pub type HalfHours = Counts<48, 255>;
/// Monday first. A busy feed fills these too fast for a byte to remember a week.
pub type Days = Counts<7, { u16::MAX }>;
/// Five minutes of the hour each.
pub type Phases = Counts<12, { u16::MAX }>;

impl<const N: usize, const MAX: u16> Default for Counts<N, MAX> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize, const MAX: u16> Counts<N, MAX> {
    fn add(&mut self, bin: usize, units: u16) {
        if self.0.get(bin).is_some_and(|c| *c > MAX - units) {
            self.halve();
        }
        if let Some(count) = self.0.get_mut(bin) {
            *count = count.saturating_add(units).min(MAX);
        }
    }

    fn halve(&mut self) {
        for count in &mut self.0 {
            *count /= 2;
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut counts = Self::default();
        for count in &mut counts.0 {
            *count = if MAX > 255 {
                from.u16()?
            } else {
                from.u8()?.into()
            };
        }
        Some(counts)
    }

    fn write(&self, to: &mut Writer) {
        for &count in &self.0 {
            match u8::try_from(count) {
                Ok(byte) if MAX <= 255 => to.u8(byte),
                _ => to.u16(count),
            }
        }
    }
}

/// The habits of one feed, in UTC.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// Half-hours from Monday to Friday.
    pub workdays: HalfHours,
    /// Half-hours of Saturday and Sunday.
    pub weekend: HalfHours,
    /// Days of the week.
    pub days: Days,
    /// Minutes of the hour.
    pub phases: Phases,
    halved: Option<Time>,
}

impl Profile {
    /// Takes note of an article published at `t`.
    pub fn note(&mut self, t: Time, units: u16) {
        let slot = WeekSlot::of(t);
        self.half_hours(slot).add(slot.half_hour, units);
        self.days.add(slot.day, units);
        self.phases.add(slot.minute / 5, units);
    }

    /// Halves the counts when it is time.
    pub fn age(&mut self, now: Time) {
        let halved = *self.halved.get_or_insert(now);
        if now.since(halved) >= HALVED_EVERY || now < halved {
            self.workdays.halve();
            self.weekend.halve();
            self.days.halve();
            self.phases.halve();
            self.halved = Some(now);
        }
    }

    fn half_hours(&mut self, slot: WeekSlot) -> &mut HalfHours {
        if slot.is_weekend() {
            &mut self.weekend
        } else {
            &mut self.workdays
        }
    }

    /// All times in it.
    pub fn times(&mut self) -> [&mut Option<Time>; 1] {
        [&mut self.halved]
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            workdays: Counts::read(from)?,
            weekend: Counts::read(from)?,
            days: Counts::read(from)?,
            phases: Counts::read(from)?,
            halved: from.time()?.0,
        })
    }

    /// Writes the stored form.
    pub fn write(&self, to: &mut Writer) {
        self.workdays.write(to);
        self.weekend.write(to);
        self.days.write(to);
        self.phases.write(to);
        to.time(self.halved);
    }
}

/// A slot in the week, UTC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeekSlot {
    /// Monday is 0.
    pub day: usize,
    /// 0 to 47.
    pub half_hour: usize,
    /// 0 to 59.
    pub minute: usize,
}

impl WeekSlot {
    /// The slot of `t`.
    pub fn of(t: Time) -> Self {
        let s = t.seconds();
        let (day_s, hour_s) = (DAY.as_secs().cast_signed(), HOUR.as_secs().cast_signed());
        // 1970-01-01 was a Thursday.
        let day = (s.div_euclid(day_s) + 3).rem_euclid(7);
        let at = |x: i64| usize::try_from(x).unwrap_or_default();
        Self {
            day: at(day),
            half_hour: at(s.rem_euclid(day_s) / (hour_s / 2)),
            minute: at(s.rem_euclid(hour_s) / 60),
        }
    }

    /// Saturday or Sunday.
    pub fn is_weekend(self) -> bool {
        self.day >= 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::support::noon;

    #[test]
    fn a_time_has_its_slot_in_the_week() {
        let slot = WeekSlot::of(Time::parse_rfc3339("2026-03-10T13:35:10Z").unwrap());
        assert_eq!((slot.day, slot.half_hour, slot.minute), (1, 27, 35));
        let before = WeekSlot::of(Time::parse_rfc3339("1969-12-28T23:59:59Z").unwrap());
        assert_eq!((before.day, before.half_hour, before.minute), (6, 47, 59));
        assert!(before.is_weekend());
    }

    #[test]
    fn a_full_bin_halves_all_and_the_stored_form_is_exact() {
        let mut profile = Profile::default();
        profile.note(noon().plus(HOUR), DATED * 5);
        for _ in 0..1000 {
            profile.note(noon(), DATED);
        }
        assert!(profile.workdays.0.iter().all(|c| *c <= 255));
        assert_eq!(profile.days.0[1], 2010);
        assert!(profile.workdays.0[29] < 5);
        let mut to = Writer::default();
        profile.write(&mut to);
        assert_eq!(Profile::read(&mut Reader(&to.0)), Some(profile));
    }

    #[test]
    fn counts_are_halved_after_28_days() {
        let mut profile = Profile::default();
        profile.age(noon());
        profile.note(noon(), DATED * 4);
        profile.age(noon().plus(DAY * 27));
        assert_eq!(profile.days.0[1], 8);
        profile.age(noon().plus(DAY * 28));
        assert_eq!(profile.days.0[1], 4);
        profile.age(noon().plus(DAY * 29));
        assert_eq!(profile.days.0[1], 4);
    }
}
