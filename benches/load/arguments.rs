//! What can be asked of the load test.

use std::path::PathBuf;
use std::time::Duration;

use crate::rounds::Plan;
use crate::scenario;

/// Compare the server with a floor server under load, on this machine, over the loopback interface.
#[derive(Debug, clap::Parser)]
#[command(name = "load", bin_name = "cargo bench --bench load --")]
pub(crate) struct Arguments {
    /// Only scenarios whose name contains this.
    filter: Option<String>,
    /// How often every scenario is run against both servers.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of load for one server in one round of a scenario.
    #[arg(long, default_value_t = 0.5, value_parser = seconds)]
    slice: f64,
    /// The most reviews in one slice.
    #[arg(long, default_value_t = 50_000)]
    most: usize,
    /// Fail when a ratio is over its budget. Without it the budgets are only printed.
    #[arg(long)]
    pub(crate) check: bool,
    /// Given by `cargo bench`. Without it, everything is run just once and briefly, to see that it works.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
    /// Be the floor server, with the certificate in this directory.
    #[arg(long, hide = true)]
    pub(crate) floor: Option<PathBuf>,
}

impl Arguments {
    /// What is to be run.
    pub(crate) fn plan(&self) -> Plan {
        let wanted = |name: &str| self.filter.as_deref().is_none_or(|filter| name.contains(filter));
        let scenarios = scenario::all().into_iter().filter(|scenario| wanted(scenario.name)).collect();
        if self.bench {
            let slice = Duration::from_secs_f64(self.slice);
            Plan { scenarios, rounds: self.rounds, slice, most: self.most }
        } else {
            Plan { scenarios, rounds: 1, slice: Duration::from_millis(50), most: 100 }
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if (0.01..=60.0).contains(&seconds) { Ok(seconds) } else { Err("must be between 0.01 and 60".to_owned()) }
}
