//! What the process takes in memory, once a second: it must not go on growing.

/// Kilobytes that may come and go.
const NOISE: u64 = 8 * 1024;

/// Kilobytes at each second.
#[derive(Default)]
pub(crate) struct Memory(Vec<u64>);

impl Memory {
    pub(crate) fn look(&mut self) {
        self.0.extend(resident());
    }

    /// The middle of the second and of the last third, in kilobytes, and whether the last one is no larger than noise
    /// makes it; `None` where there is nothing to compare.
    pub(crate) fn thirds(&self) -> Option<(u64, u64, bool)> {
        let third = self.0.len() / 3;
        let [second, last] = [third..2 * third, 2 * third..3 * third].map(|part| {
            let mut part = self.0.get(part).unwrap_or_default().to_vec();
            part.sort_unstable();
            part.get(part.len() / 2).copied()
        });
        let (second, last) = (second?, last?);
        Some((second, last, last <= second + second / 20 + NOISE))
    }
}

/// The memory that is there for this process, as Linux says it.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
