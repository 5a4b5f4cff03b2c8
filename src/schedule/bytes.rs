//! Reading and writing the fixed layout of the stored state: little-endian, no lengths, nothing optional.

use crate::model::Time;

/// Stands for `None`: no [`Time`] is that early.
const NEVER: i64 = i64::MIN;

/// A cursor over stored bytes. Every read at their end gives `None`.
pub struct Reader<'b>(pub &'b [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[b]| b)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    /// An amount: four bytes, finite and not negative.
    pub fn amount(&mut self) -> Option<f32> {
        let x = f32::from_le_bytes(self.take()?);
        (x.is_finite() && x >= 0.0).then_some(x)
    }

    /// A time that may be absent.
    pub fn time(&mut self) -> Option<StoredTime> {
        let ms = i64::from_le_bytes(self.take()?);
        let time = (ms != NEVER).then(|| Time::from_millis(ms));
        Some(StoredTime(time))
    }
}

/// A time that was read, or `None` if none was stored.
#[derive(Debug, Clone, Copy)]
pub struct StoredTime(pub Option<Time>);

/// Collects the bytes to store.
#[derive(Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    /// One byte.
    pub fn u8(&mut self, x: u8) {
        self.0.push(x);
    }

    /// Two bytes.
    pub fn u16(&mut self, x: u16) {
        self.0.extend(x.to_le_bytes());
    }

    /// Four bytes.
    pub fn u32(&mut self, x: u32) {
        self.0.extend(x.to_le_bytes());
    }

    /// Eight bytes.
    pub fn u64(&mut self, x: u64) {
        self.0.extend(x.to_le_bytes());
    }

    /// An amount, finite and not negative.
    pub fn amount(&mut self, x: f32) {
        self.0.extend(x.to_le_bytes());
    }

    /// A time, or `None`.
    pub fn time(&mut self, t: Option<Time>) {
        self.0.extend(t.map_or(NEVER, Time::millis).to_le_bytes());
    }
}
