//! A clock that is set: certificates go by the time that it is, not by the time that has passed.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Site;
use crate::support::control_plane::ControlPlane;
use crate::support::live::clock::WallClock;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![a_clock_that_is_set_is_noticed_at_once];

/// So long, in seconds, that nothing is renewed in this test unless a clock is set.
const LIFETIME: f64 = 600.0;
const SELDOM: &[&str] = &["--certificates=own", "--registration=given", "--certificate-lifetime=600"];

/// The clock of one replica is set; those of the other and of the API server go right. That is fair as long as it is set
/// forward by less than a day, because certificates are valid since the day before they are made.
fn a_clock_that_is_set_is_noticed_at_once(cluster: &ControlPlane) -> Result<()> {
    let clock = WallClock::build(cluster.directory())?;
    let site = Site::with(cluster, |live| {
        Ok([live.ready_replica_by(&clock, "scrapeguard-0", SELDOM)?, live.ready_replica("scrapeguard-1", SELDOM)?])
    })?;
    ensure!(site.rotations()?.0 == 0.0, "something was renewed without a reason");
    site.without_a_failed_call(|site| {
        // Past two thirds of the life of the leaf.
        is_renewed_at_once(site, &clock, 450)?;
        // Back to before it was made, and to before anything was: nothing is due.
        for offset in [0, -3600] {
            nothing_is_renewed(site, &clock, offset)?;
        }
        // Past the end of the leaf, and past two thirds of the life of the authority.
        is_renewed_at_once(site, &clock, 1300)?;
        poll::until("the next authority to sign", Duration::from_mins(2), || {
            let (_, switches) = site.rotations()?;
            Ok(if switches > 0.0 && site.agree()? { Look::Ready(()) } else { Look::not_yet(switches) })
        })
    })
}

fn is_renewed_at_once(site: &Site<'_>, clock: &WallClock, offset: i32) -> Result<()> {
    clock.set(offset)?;
    let since = Instant::now();
    poll::until("another leaf, by the clock that was set", Duration::from_secs(10), || {
        let expires = site.expires(0)?;
        // No leaf outlives the authority that signs it.
        let authority = site.replicas[0].metric("scrapeguard_certificate_authority_expiry_timestamp_seconds", &[])?;
        let now = jiff::Timestamp::now().as_duration().as_secs_f64();
        let expected = (now + f64::from(offset) + LIFETIME).min(authority);
        let is_new = (expires - expected).abs() < 30.0 && site.agree()?;
        Ok(if is_new { Look::Ready(()) } else { Look::NotYet(format!("{expires}, not {expected}")) })
    })?;
    println!("set by {offset} s: renewed after {:?}", since.elapsed());
    Ok(())
}

/// For so long that the replica has looked several times.
fn nothing_is_renewed(site: &Site<'_>, clock: &WallClock, offset: i32) -> Result<()> {
    let before = site.expires(0)?;
    clock.set(offset)?;
    let since = Instant::now();
    poll::until("some looks of the replica", Duration::from_secs(10), || {
        ensure!((site.expires(0)? - before).abs() < 0.5, "a leaf was renewed that is not due");
        ensure!(site.replicas[0].ask("/readyz")?.starts_with("HTTP/1.1 200"), "{}", site.replicas[0].ask("/readyz")?);
        Ok(if since.elapsed() > Duration::from_secs(5) { Look::Ready(()) } else { Look::not_yet("not yet") })
    })
}
