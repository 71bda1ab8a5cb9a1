//! What users of kubectl get to read.

use anyhow::{Result, bail, ensure};

use crate::support::control_plane::Said;

/// kubectl shows a warning on one line; longer ones wrap and are not read.
const FIRST_LINE: usize = 120;

/// The seed's manifests to the letter.
pub(crate) mod seed {
    pub(crate) const AUTHORIZATION_POLICY: &str =
        include_str!("../../examples/seed/as-written/authorization-policy.yaml");
    pub(crate) const NETWORK_POLICIES: &str = include_str!("../../examples/seed/as-written/network-policies.yaml");
    pub(crate) const POD_MONITOR: &str = include_str!("../../examples/seed/as-written/pod-monitor.yaml");
}

/// The seed's manifests as they should have been written.
pub(crate) mod corrected {
    pub(crate) const AUTHORIZATION_POLICY: &str =
        include_str!("../../examples/seed/corrected/authorization-policy.yaml");
    pub(crate) const NETWORK_POLICIES: &str = include_str!("../../examples/seed/corrected/network-policies.yaml");
    pub(crate) const POD_MONITOR: &str = include_str!("../../examples/seed/corrected/pod-monitor.yaml");
}

/// kubectl succeeded and had nothing to remark.
pub(crate) fn clean(said: &Said) -> Result<()> {
    ensure!(said.succeeded && said.stderr.is_empty(), "kubectl remarked:\n{}", said.stderr);
    Ok(())
}

/// kubectl succeeded, and warned of these rules and of no other; a rule with several findings is named as often. A
/// finding is two warnings, one after the other: what is wrong, then with the field's path how it is mended.
pub(crate) fn warned(said: &Said, rules: &[&str]) -> Result<()> {
    ensure!(said.succeeded, "kubectl failed:\n{}", said.stderr);
    let warnings = said.warnings();
    let mut found = Vec::new();
    for finding in warnings.chunks(2) {
        let [what, fix] = finding else {
            bail!("half a finding:\n{}", said.stderr);
        };
        let rule = what.split_once("] ").map_or("", |(rule, _)| rule.trim_start_matches('['));
        ensure!(what.chars().count() <= FIRST_LINE, "a warning is too long to be read:\n{what}");
        ensure!(fix.starts_with(&format!("[{rule}] spec.")), "the fix does not say where:\n{fix}");
        found.push(rule);
    }
    found.sort_unstable();
    ensure!(found == rules, "warned of {found:?} where {rules:?} were expected:\n{}", said.stderr);
    Ok(())
}

/// kubectl was refused, and was told of each of these rules.
pub(crate) fn denied(said: &Said, rules: &[&str]) -> Result<()> {
    ensure!(!said.succeeded, "kubectl was not refused:\n{}{}", said.stdout, said.stderr);
    ensure!(said.stderr.contains("denied the request"), "kubectl failed for another reason:\n{}", said.stderr);
    for rule in rules {
        ensure!(said.stderr.contains(rule), "nothing is said of {rule} in:\n{}", said.stderr);
    }
    let message = said.stderr.split_once("denied the request: ").map_or("", |(_, message)| message);
    let first = message.lines().next().unwrap_or_default();
    ensure!(!first.is_empty() && first.chars().count() <= FIRST_LINE, "the first line is too long:\n{first}");
    Ok(())
}
