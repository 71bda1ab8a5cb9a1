//! What programs cost, from `/proc`: processor time and memory.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

/// A program whose cost is read.
pub(crate) struct Process(PathBuf);

/// The processor time (user and system) that each thread of a program has used.
pub(crate) struct ProcessorTime(HashMap<PathBuf, Duration>);

impl Process {
    /// The program with this process id.
    pub(crate) fn new(id: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{id}")))
    }

    /// This program.
    pub(crate) fn own() -> Self {
        Self::new(std::process::id())
    }

    /// What it has used so far. The scheduler counts nanoseconds; `stat` has them in hundredths of a second only.
    pub(crate) fn processor_time(&self) -> anyhow::Result<ProcessorTime> {
        let mut threads = HashMap::new();
        for thread in fs::read_dir(self.0.join("task")).context("a server has ended")? {
            let path = thread?.path();
            // A thread may end while the list is read.
            if let Ok(text) = fs::read_to_string(path.join("schedstat")) {
                let nanoseconds = text.split_whitespace().next().context("an empty schedstat")?.parse()?;
                threads.insert(path, Duration::from_nanos(nanoseconds));
            }
        }
        Ok(ProcessorTime(threads))
    }

    /// Resident memory in MiB.
    pub(crate) fn resident(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(self.0.join("status")).context("a server has ended")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl ProcessorTime {
    /// What was used since then.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let used = |(thread, now): (&PathBuf, &Duration)| {
            now.saturating_sub(before.0.get(thread).copied().unwrap_or_default())
        };
        self.0.iter().map(used).sum()
    }
}

/// The time that all processors together have been busy since the machine was started, with whatever.
pub(crate) fn busy() -> anyhow::Result<Duration> {
    // Columns of the first line, in hundredths of a second: user nice system idle iowait irq softirq steal ...
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("an empty /proc/stat")?;
    let columns: Result<Vec<u64>, _> = line.split_whitespace().skip(1).take(8).map(str::parse).collect();
    match columns?.as_slice() {
        [user, nice, system, _idle, _iowait, rest @ ..] => {
            Ok(Duration::from_millis(10 * (user + nice + system + rest.iter().sum::<u64>())))
        }
        _ => anyhow::bail!("unknown form of /proc/stat"),
    }
}
