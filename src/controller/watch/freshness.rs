//! How fresh the world is: whether everything has been read, when it was certainly as we know it, and whether that is
//! good enough to answer with.
//!
//! A state machine that is told the time. While a watch works and the API server answers, every change is told at once,
//! so what we know holds for the last moment at which it answered. A broken watch stops that moment.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::kinds::Kind;
use super::news::Sign;
use super::pulse::Beat;

/// The watches of all kinds, and the pulse of the API server.
#[derive(Debug)]
pub(super) struct Freshness {
    bound: Duration,
    since: Instant,
    pulse: Option<Instant>,
    kinds: HashMap<&'static Kind, Watch>,
}

/// How the watch of a kind is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Watch {
    /// Nobody knows yet what there is.
    Starting(Option<String>),
    /// Every change is told; the last sign of that was then.
    Works(Instant),
    /// What was told holds for this moment.
    Broken(Instant, String),
    /// We may not read this kind.
    Forbidden(String),
    /// There is no such kind.
    Absent,
}

impl Freshness {
    /// Nothing is known yet of these kinds. `bound`: how old may be what is answered with.
    pub(super) fn new(kinds: impl Iterator<Item = &'static Kind>, bound: Duration, now: Instant) -> Self {
        let kinds = kinds.map(|kind| (kind, Watch::Starting(None))).collect();
        Self { bound, since: now, pulse: None, kinds }
    }

    /// The API server has answered a question. Watches that are in doubt count as broken until they begin anew.
    pub(super) fn beat(&mut self, Beat { asked, doubted_before }: Beat) {
        for watch in self.kinds.values_mut() {
            if let Watch::Works(seen) = *watch
                && doubted_before.is_some_and(|doubted| seen < doubted)
            {
                *watch = Watch::broken(seen, self.pulse, "its connection may be dead".to_owned());
            }
        }
        self.pulse = self.pulse.max(Some(asked));
    }

    /// A watch has given a sign. Returns whether its state is another now.
    pub(super) fn sign(&mut self, kind: &'static Kind, sign: Sign, now: Instant) -> bool {
        let Some(watch) = self.kinds.get_mut(kind) else { return false };
        let next = match (sign, &*watch) {
            (Sign::Works, _) => Watch::Works(now),
            (Sign::Absent, _) => Watch::Absent,
            (Sign::Forbidden(reason), _) => Watch::Forbidden(reason),
            (Sign::Silent, Watch::Works(seen)) => Watch::Broken(*seen, "nothing was heard of it".to_owned()),
            (Sign::Broken(reason), Watch::Works(seen)) => Watch::broken(*seen, self.pulse, reason),
            (Sign::Broken(reason), Watch::Broken(since, _)) => Watch::Broken(*since, reason),
            (Sign::Broken(reason), Watch::Starting(_)) => Watch::Starting(Some(reason)),
            (Sign::Broken(reason), Watch::Absent | Watch::Forbidden(_)) => Watch::Broken(now, reason),
            (Sign::Silent, other) => other.clone(),
        };
        let is_another = std::mem::discriminant(&next) != std::mem::discriminant(watch);
        *watch = next;
        is_another
    }

    /// The watch has told of objects: it still works, if it did.
    pub(super) fn heard(&mut self, kind: &'static Kind, now: Instant) {
        if let Some(Watch::Works(seen)) = self.kinds.get_mut(kind) {
            *seen = now;
        }
    }

    /// The last moment at which every watch that counts was known to work; `None` until everything has been read.
    pub(super) fn as_of(&self, now: Instant) -> Option<Instant> {
        let mut oldest = self.pulse?;
        for (kind, watch) in &self.kinds {
            match watch {
                _ if self.is_given_up(kind, watch, now) => {}
                Watch::Starting(_) => return None,
                Watch::Broken(since, _) => oldest = oldest.min(*since),
                Watch::Works(_) | Watch::Absent | Watch::Forbidden(_) => {}
            }
        }
        Some(oldest)
    }

    /// Why nothing should be answered with what is known.
    pub(super) fn problem(&self, now: Instant) -> Option<String> {
        let Some(as_of) = self.as_of(now) else { return Some(self.missing(now)) };
        let age = now.saturating_duration_since(as_of);
        (age > self.bound).then(|| format!("for {} s, {}", age.as_secs(), self.cause(now)))
    }

    /// The kinds that exist, or may, and cannot be read, each with the reason. What depends on them is not known.
    pub(super) fn unread(&self, now: Instant) -> Vec<(&'static Kind, String)> {
        let given_up = self.kinds.iter().filter(|(kind, watch)| self.is_given_up(kind, watch, now));
        let mut unread: Vec<_> = given_up.map(|(kind, watch)| (*kind, watch.reason().to_owned())).collect();
        unread.sort_by_key(|(kind, _)| (kind.group, kind.name));
        unread
    }

    /// A kind that not every cluster has does not stop the others: it is only not known.
    fn is_given_up(&self, kind: &Kind, watch: &Watch, now: Instant) -> bool {
        let since = match watch {
            Watch::Forbidden(_) => return true,
            Watch::Starting(_) => self.since,
            Watch::Broken(since, _) => *since,
            Watch::Works(_) | Watch::Absent => return false,
        };
        kind.required.is_none() && now.saturating_duration_since(since) > self.bound
    }

    fn missing(&self, now: Instant) -> String {
        if self.pulse.is_none() {
            return "the API server has not answered yet".to_owned();
        }
        let starting = |(kind, watch): &(&&'static Kind, &Watch)| {
            matches!(watch, Watch::Starting(_)) && !self.is_given_up(kind, watch, now)
        };
        let mut missing: Vec<_> = self.kinds.iter().filter(starting).map(|(kind, watch)| watch.of(kind)).collect();
        missing.sort();
        let count = missing.len();
        missing.truncate(3);
        let more = if count > missing.len() { format!(" and {} more", count - missing.len()) } else { String::new() };
        format!("waiting for {}{more}", missing.join(", "))
    }

    fn cause(&self, now: Instant) -> String {
        let broken = self.kinds.iter().filter(|(kind, watch)| !self.is_given_up(kind, watch, now));
        let broken = broken.filter_map(|(kind, watch)| match watch {
            Watch::Broken(since, _) => Some((*since, watch.of(kind))),
            _ => None,
        });
        match broken.min() {
            Some((since, words)) if Some(since) <= self.pulse => format!("the watch is broken of {words}"),
            _ => "the API server has not answered".to_owned(),
        }
    }
}

impl Watch {
    /// It worked, as was last seen then, and at that pulse.
    fn broken(seen: Instant, pulse: Option<Instant>, reason: String) -> Self {
        Self::Broken(pulse.map_or(seen, |it| it.max(seen)), reason)
    }

    fn reason(&self) -> &str {
        match self {
            Self::Starting(Some(reason)) | Self::Broken(_, reason) | Self::Forbidden(reason) => reason,
            Self::Starting(None) | Self::Works(_) | Self::Absent => "",
        }
    }

    /// The kind, and what is wrong with its watch.
    fn of(&self, kind: &Kind) -> String {
        match self.reason() {
            "" => kind.title(),
            reason => format!("{} ({reason})", kind.title()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::kinds;
    use super::*;

    const BOUND: u64 = 60;

    /// What happens, and when, in seconds.
    #[derive(Clone, Debug)]
    enum Step {
        Beats(u64),
        BeatsAgain(u64),
        Pod(u64, Sign),
        Policy(u64, Sign),
        Heard(u64),
    }
    use Step::{Beats, BeatsAgain, Heard, Pod, Policy};

    fn kind(name: &str) -> &'static Kind {
        kinds::watched(true).find(|kind| kind.name == name).unwrap()
    }

    fn broken() -> Sign {
        Sign::Broken("refused".to_owned())
    }

    fn after(steps: &[Step]) -> (Freshness, Instant) {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let kinds = [kind("Pod"), kind("AuthorizationPolicy")];
        let mut freshness = Freshness::new(kinds.into_iter(), Duration::from_secs(BOUND), start);
        for step in steps.iter().cloned() {
            match step {
                Beats(time) => freshness.beat(Beat { asked: at(time), doubted_before: None }),
                BeatsAgain(time) => freshness.beat(Beat { asked: at(time), doubted_before: Some(at(time)) }),
                Pod(time, sign) => drop(freshness.sign(kind("Pod"), sign, at(time))),
                Policy(time, sign) => drop(freshness.sign(kind("AuthorizationPolicy"), sign, at(time))),
                Heard(time) => freshness.heard(kind("Pod"), at(time)),
            }
        }
        (freshness, start)
    }

    const READY: [Step; 3] = [Pod(1, Sign::Works), Policy(1, Sign::Absent), Beats(2)];

    #[rstest]
    #[case::nothing_yet(&[], 1, None, Some("the API server has not answered yet"))]
    #[case::not_everything(&[Beats(1), Pod(1, Sign::Works)], 2, None, Some("waiting for AuthorizationPolicy.security.istio.io"))]
    #[case::cannot_begin(
        &[Beats(1), Pod(1, broken()), Policy(1, Sign::Absent)], 2, None, Some("waiting for Pod (refused)")
    )]
    #[case::what_is_optional_is_not_waited_for_forever(&[Pod(1, Sign::Works), Beats(61)], 61, Some(61), None)]
    #[case::what_is_required_is(&[Policy(1, Sign::Absent), Beats(600)], 600, None, Some("waiting for Pod"))]
    #[case::all_is_well(&READY, 3, Some(2), None)]
    #[case::the_pulse_tells_the_time(&[&READY[..], &[Beats(40)]].concat(), 41, Some(40), None)]
    #[case::no_pulse(&READY, 63, Some(2), Some("for 61 s, the API server has not answered"))]
    #[case::broken(&[&READY[..], &[Pod(4, broken()), Beats(30)]].concat(), 31, Some(2), None)]
    #[case::broken_for_too_long(
        &[&READY[..], &[Pod(4, broken()), Beats(62)]].concat(), 63, Some(2),
        Some("for 61 s, the watch is broken of Pod (refused)")
    )]
    #[case::broken_again_and_again(
        &[&READY[..], &[Pod(4, broken()), Pod(50, broken()), Beats(62)]].concat(), 63, Some(2),
        Some("for 61 s, the watch is broken of Pod (refused)")
    )]
    #[case::mended(&[&READY[..], &[Pod(4, broken()), Beats(80), Pod(81, Sign::Works)]].concat(), 82, Some(80), None)]
    #[case::a_dead_connection_may_not_be_the_only_one(&[&READY[..], &[BeatsAgain(20)]].concat(), 21, Some(2), None)]
    #[case::a_watch_that_goes_on_is_believed(&[&READY[..], &[BeatsAgain(20), Pod(22, Sign::Works)]].concat(), 23, Some(20), None)]
    #[case::what_it_told_before_is_doubted(&[&READY[..], &[Heard(19), BeatsAgain(20)]].concat(), 21, Some(19), None)]
    #[case::what_it_has_told_since_is_believed(&[&READY[..], &[Heard(20), BeatsAgain(20)]].concat(), 21, Some(20), None)]
    #[case::silence_counts_from_the_last_sign(
        &[&READY[..], &[Heard(5), Beats(80), Pod(80, Sign::Silent)]].concat(), 80, Some(5),
        Some("for 75 s, the watch is broken of Pod (nothing was heard of it)")
    )]
    #[case::what_is_optional_counts_while_it_may_come_back(
        &[Pod(1, Sign::Works), Policy(1, Sign::Works), Beats(2), Policy(3, broken()), Beats(50)], 51, Some(2), None
    )]
    #[case::and_is_given_up_then(
        &[Pod(1, Sign::Works), Policy(1, Sign::Works), Beats(2), Policy(3, broken()), Beats(63)], 63, Some(63), None
    )]
    #[case::what_may_not_be_read_stops_nobody(
        &[Pod(1, Sign::Works), Policy(1, Sign::Forbidden("no".to_owned())), Beats(2)], 3, Some(2), None
    )]
    fn what_is_known_has_an_age(
        #[case] steps: &[Step],
        #[case] now: u64,
        #[case] as_of: Option<u64>,
        #[case] problem: Option<&str>,
    ) {
        let (freshness, start) = after(steps);
        let now = start + Duration::from_secs(now);
        assert_eq!(freshness.as_of(now).map(|moment| (moment - start).as_secs()), as_of);
        assert_eq!(freshness.problem(now).as_deref(), problem);
    }

    #[rstest]
    #[case::all_is_well(&[Policy(1, Sign::Works)], 600, &[])]
    #[case::forbidden(&[Policy(1, Sign::Forbidden("no".to_owned()))], 2, &["no"])]
    #[case::broken(&[Beats(2), Policy(1, Sign::Works), Policy(3, broken())], 60, &[])]
    #[case::broken_for_too_long(&[Beats(2), Policy(1, Sign::Works), Policy(3, broken())], 63, &["refused"])]
    #[case::never_there(&[Policy(3, broken())], 61, &["refused"])]
    #[case::required(&[Pod(1, Sign::Works), Pod(3, broken()), Policy(1, Sign::Absent)], 600, &[])]
    fn what_cannot_be_read_is_told(#[case] steps: &[Step], #[case] now: u64, #[case] expected: &[&str]) {
        let (freshness, start) = after(steps);
        let unread = freshness.unread(start + Duration::from_secs(now));
        assert_eq!(unread.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn only_a_change_of_state_is_worth_a_word() {
        let (mut freshness, start) = after(&READY);
        assert!(!freshness.sign(kind("Pod"), Sign::Works, start));
        assert!(freshness.sign(kind("Pod"), broken(), start));
        assert!(!freshness.sign(kind("Pod"), broken(), start));
    }
}
