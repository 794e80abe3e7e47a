//! How much memory there is for a table.

use shortfall::arguments::BadInput;
use std::path::Path;

/// Units of a size, the longer names first.
const UNITS: [(&str, f64); 10] = [
    ("KiB", 1024.0),
    ("MiB", 1048576.0),
    ("GiB", 1073741824.0),
    ("TiB", 1099511627776.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("B", 1.0),
];

/// Bytes from a size such as 500MB or 1.5GiB.
pub fn parse_memory(text: &str) -> Result<u64, BadInput> {
    let unit = UNITS.iter().find_map(|(unit, size)| {
        let number = text.trim().strip_suffix(unit)?.trim().parse::<f64>().ok()?;
        Some(number * size).filter(|bytes| (0.0..=1e18).contains(bytes))
    });
    unit.map(|bytes| bytes as u64).ok_or_else(|| {
        let shown: String = text.chars().take(40).filter(|c| !c.is_control()).collect();
        BadInput::new(format!("--memory must be a size with its unit, such as 500MB or 1.5GiB, not `{shown}`"))
    })
}

/// Bytes that are taken to be there.
const LITTLE: u64 = 1 << 26;

/// An error if what lanes keep takes more memory than there is.
pub(crate) fn check(wanted: u64) -> Result<(), BadInput> {
    // Sweeps have many settings, and to ask takes files to be read.
    let free = if wanted < LITTLE { LITTLE } else { free() };
    if wanted <= free {
        return Ok(());
    }
    let [wanted, free] = [wanted, free].map(|bytes| bytes as f64 / 1e9);
    Err(BadInput::new(format!(
        "what the lanes keep takes about {wanted:.1} GB, and {free:.1} GB are free: fewer seeds or settings, or `--record ends`, take less"
    )))
}

/// Bytes that this process may take: what is free, what its container allows, what its limits allow; `u64::MAX` where nothing says so.
pub(super) fn free() -> u64 {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let used = of_kilobytes(&read("/proc/self/status"), "VmSize:").unwrap_or(0);
    let mut says = vec![
        of_kilobytes(&read("/proc/meminfo"), "MemAvailable:"),
        of_number(&read("/sys/fs/cgroup/memory/memory.limit_in_bytes")),
        of_limits(&read("/proc/self/limits")).map(|limit| limit.saturating_sub(used)),
    ];
    // The group of this process and those around it.
    let group = read("/proc/self/cgroup").lines().find_map(|line| line.strip_prefix("0::").map(str::to_owned));
    for group in Path::new(&group.unwrap_or_default()).ancestors() {
        let folder = format!("/sys/fs/cgroup{}", group.display());
        let limit = of_number(&read(&format!("{folder}/memory.max")));
        let held = of_group(&read(&format!("{folder}/memory.stat")));
        says.push(limit.map(|limit| limit.saturating_sub(held)));
    }
    says.into_iter().flatten().min().unwrap_or(u64::MAX)
}

/// A line such as `MemAvailable:    123 kB`.
fn of_kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// What a group of processes holds, other than files in the cache, which give way.
fn of_group(statistics: &str) -> u64 {
    statistics.lines().find_map(|line| line.strip_prefix("anon ")).and_then(of_number).unwrap_or(0)
}

/// `max` says nothing.
fn of_number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The soft limit of the address space.
fn of_limits(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Elsewhere nothing says what is free.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_no_machine_has_is_refused() {
        assert!(check(LITTLE - 1).is_ok());
        let message = check(u64::MAX / 2).unwrap_err().message;
        assert!(message.contains("9223372036.9 GB") && message.contains("fewer seeds"), "{message}");
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_memory("500MB").unwrap(), 500_000_000);
        assert_eq!(parse_memory(" 1.5 GiB ").unwrap(), 1_610_612_736);
        assert_eq!(parse_memory("0B").unwrap(), 0);
        for text in ["", "1", "GB", "-1GB", "1e30GB", "NaNGB", "1 GBit", "infMB"] {
            let message = parse_memory(text).unwrap_err().message;
            assert!(message.contains("such as 500MB"), "{text}: {message}");
        }
    }

    #[test]
    fn what_the_system_says() {
        let kilobytes = |text| of_kilobytes(text, "MemAvailable:");
        assert_eq!(kilobytes("MemTotal: 9 kB\nMemAvailable:    123 kB\n"), Some(123 * 1024));
        assert_eq!((of_group("file 9\nanon 77\n"), of_group("")), (77, 0));
        assert_eq!((of_number("max\n"), of_number("1073741824\n"), of_number("")), (None, Some(1 << 30), None));
        let limits = "Max processes             96105   96105   processes\nMax address space         1048576  unlimited  bytes\n";
        assert_eq!(
            (of_limits(limits), of_limits("Max address space unlimited unlimited bytes")),
            (Some(1 << 20), None)
        );
        assert!(free() > 1 << 20);
    }
}
