//! From what each policy says to the verdict, and to the policy and field that explain it best.

use super::HostNetwork;
use super::policy::{Policy, Rule};
use super::question::{Direction, Question};
use super::words;
use crate::engine::reach::{End, Step, Verdict};
use crate::model::finding::Family;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, RuleId, Truth};

/// What is clear before any policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beforehand {
    /// The end is no pod, and policies are about pods.
    NoPod,
    /// The pod has ended.
    HasEnded,
    /// A pod reaches itself.
    Itself,
    /// No policy selects the pod, for it is on the host network.
    OnTheHost,
}

impl Beforehand {
    /// The pod whose policies have to be asked, if they have to.
    pub(super) fn needs_no_policy<'q>(
        subject: End<'q>,
        counterpart: End<'q>,
        host_network: HostNetwork,
    ) -> Result<&'q Pod, Self> {
        let End::Pod(pod) = subject else { return Err(Self::NoPod) };
        let is_itself =
            matches!(counterpart, End::Pod(other) if pod.object.kind == "Pod" && other.object == pod.object);
        if pod.has_ended() {
            Err(Self::HasEnded)
        } else if is_itself {
            Err(Self::Itself)
        } else if pod.host_network && host_network == HostNetwork::NotSelected {
            Err(Self::OnTheHost)
        } else {
            Ok(pod)
        }
    }

    pub(super) const fn verdict(self) -> Verdict {
        match self {
            Self::HasEnded => Verdict::Blocked,
            Self::NoPod | Self::Itself | Self::OnTheHost => Verdict::Open,
        }
    }

    pub(super) const fn reason(self, direction: Direction) -> &'static str {
        match (self, direction) {
            (Self::NoPod, Direction::Egress) => "the caller is no pod, so no policy holds for what it sends",
            (Self::NoPod, Direction::Ingress) => "the called end is no pod, so no policy holds for what it receives",
            (Self::HasEnded, _) => "the pod has ended",
            (Self::Itself, _) => "a pod always reaches itself",
            (Self::OnTheHost, _) => "the pod is on the host network, where policies select no pods",
        }
    }
}

/// A question and the policies to which it is put: those of the namespace of the pod that is asked about.
pub(super) struct Answer<'q> {
    policies: &'q [Policy],
    question: Question<'q>,
}

/// How near a rule comes to allowing what it does not allow, and so how well it explains that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// The policy has no rules at all.
    NoRules,
    /// It is about other peers and other ports.
    Neither,
    /// It is about the port, or may be, but for other peers.
    Port,
    /// It is about the peer, or may be, but for other ports.
    Peer,
}

/// The verdict of all policies together, before exceptions are looked at.
///
/// Policies add up: a pod is isolated if one of them isolates it, and then reached if one of these allows it. Where it
/// is not known whether a policy isolates the pod, it may isolate and allow, or do neither.
fn verdict_of(policies: &[Policy], question: &Question<'_>) -> Verdict {
    let (mut is_isolated, mut may_be_isolated, mut may_be_allowed) = (false, false, false);
    for policy in policies {
        let isolates = policy.isolates(question.subject, question.direction, question.host_network);
        if isolates == Truth::No {
            continue;
        }
        match (isolates, policy.allows(question)) {
            (Truth::Yes, Truth::Yes) => return Verdict::Open,
            (Truth::Yes, allows) => {
                is_isolated = true;
                may_be_allowed |= allows == Truth::Unknown;
            }
            (_, allows) => {
                may_be_isolated |= allows != Truth::Yes;
                may_be_allowed |= allows != Truth::No;
            }
        }
    }
    match (is_isolated, may_be_isolated, may_be_allowed) {
        (true, _, false) => Verdict::Blocked,
        (true, _, true) | (false, true, _) => Verdict::Unknown,
        (false, false, _) => Verdict::Open,
    }
}

impl<'q> Answer<'q> {
    pub(super) const fn new(policies: &'q [Policy], question: Question<'q>) -> Self {
        Self { policies, question }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match verdict_of(self.policies, &self.question) {
            Verdict::Blocked if self.exception().is_some() => Verdict::Unknown,
            verdict => verdict,
        }
    }

    /// The verdict with its reason.
    pub(super) fn step(&self) -> Step {
        match verdict_of(self.policies, &self.question) {
            Verdict::Open => self.open(),
            Verdict::Unknown => self.unknown(),
            Verdict::Blocked => self.blocked(),
        }
    }

    /// Who is let through all the same where policies block: a pod by itself, and whatever is on its node.
    fn exception(&self) -> Option<&'static str> {
        if self.question.counterpart_is_on_the_host() {
            Some("but a pod and its node always reach each other, and it is not known whether both are on one node")
        } else if self.question.may_be_the_same_pod() {
            Some("but a pod always reaches itself, so this is about other pods of the same template")
        } else {
            None
        }
    }

    fn open(&self) -> Step {
        let allowing = |wanted: Truth| {
            self.policies
                .iter()
                .find(|policy| self.isolates(policy) == wanted && policy.allows(&self.question) == Truth::Yes)
        };
        let Some(policy) = allowing(Truth::Yes).or_else(|| allowing(Truth::Unknown)) else {
            let direction = self.question.direction.rules_field();
            return self.step_of(Verdict::Open, format!("no policy selects the pod for {direction}"));
        };
        let rules = policy.rules(self.question.direction).iter().enumerate();
        let mut allowing = rules.filter(|(_, rule)| rule.allows(&self.question) == Truth::Yes);
        let (index, reason) =
            allowing.next().map_or((0, String::new()), |(index, rule)| (index, words::allowed(rule, &self.question)));
        self.step_of(Verdict::Open, reason).by(policy.object(), self.rules_path().index(index))
    }

    fn unknown(&self) -> Step {
        let is_isolated = self.policies.iter().any(|policy| self.isolates(policy) == Truth::Yes);
        // Who is isolated is helped by whoever allows; who may be isolated is only harmed by who does not allow.
        let harmless = if is_isolated { Truth::No } else { Truth::Yes };
        let mut matter = self.policies.iter().filter(|policy| policy.allows(&self.question) != harmless);
        let in_doubt = matter.find_map(|policy| Some((policy, self.doubt(policy)?)));
        let Some((policy, (path, reason))) = in_doubt else {
            return self.step_of(Verdict::Unknown, "not everything that is needed is known".to_owned());
        };
        self.step_of(Verdict::Unknown, reason).by(policy.object(), path)
    }

    /// What is not known of the policy: whether it isolates the pod, or what it allows.
    fn doubt(&self, policy: &Policy) -> Option<(FieldPath, String)> {
        match (self.isolates(policy), policy.allows(&self.question)) {
            (Truth::Unknown, _) => Some(policy.doubt(self.question.subject, self.question.direction)),
            (Truth::Yes, Truth::Unknown) => {
                let mut rules = policy.rules(self.question.direction).iter().enumerate();
                rules.find_map(|(index, rule)| self.doubt_of(rule, &self.rules_path().index(index)))
            }
            _ => None,
        }
    }

    fn doubt_of(&self, rule: &Rule, path: &FieldPath) -> Option<(FieldPath, String)> {
        let question = &self.question;
        if rule.allows(question) != Truth::Unknown {
            return None;
        }
        let peers = path.key(question.direction.peers_field());
        let mut unclear = rule.peers.iter().enumerate().filter(|(_, it)| it.matches(question) == Truth::Unknown);
        if rule.is_about_the_peer(question) == Truth::Unknown
            && let Some((index, peer)) = unclear.next()
        {
            return Some((peers.index(index), peer.doubt(question)));
        }
        let mut unclear = rule.ports.iter().enumerate().filter(|(_, it)| it.matches(question) == Truth::Unknown);
        unclear.next().map(|(index, port)| (path.key("ports").index(index), port.doubt(question)))
    }

    fn blocked(&self) -> Step {
        let mut isolating = self.policies.iter().filter(|policy| self.isolates(policy) == Truth::Yes);
        let Some(first) = isolating.next() else {
            return self.step_of(Verdict::Blocked, "the pod is isolated".to_owned());
        };
        let (mut nearest, mut nearness, mut others) = (first, self.nearness(first), 0);
        for policy in isolating {
            others += 1;
            if self.nearness(policy) > nearness {
                (nearest, nearness) = (policy, self.nearness(policy));
            }
        }
        self.refused_by(nearest, nearness, others)
    }

    fn refused_by(&self, policy: &Policy, nearness: Nearness, others: usize) -> Step {
        let rules = policy.rules(self.question.direction);
        let near: Vec<&Rule> = rules.iter().filter(|rule| self.nearness_of(rule) == nearness).collect();
        let reason = match nearness {
            Nearness::NoRules => words::nothing_allowed(self.question.direction),
            Nearness::Neither => words::nothing_near(rules.len(), &self.question),
            Nearness::Port => words::other_peers(&near, &self.question),
            Nearness::Peer => words::other_ports(&near, &self.question),
        };
        let reason = reason + &words::other_policies(others);
        let path = self.nearest_path(rules, nearness);
        let (verdict, reason) = match self.exception() {
            Some(exception) => (Verdict::Unknown, format!("{reason}; {exception}")),
            None => (Verdict::Blocked, reason),
        };
        let rule = self.amounts_to(&near, nearness, others);
        Step { rule, ..self.step_of(verdict, reason).by(policy.object(), path) }
    }

    fn nearest_path(&self, rules: &[Rule], nearness: Nearness) -> FieldPath {
        let field = match nearness {
            Nearness::NoRules | Nearness::Neither => return self.rules_path(),
            Nearness::Port => self.question.direction.peers_field(),
            Nearness::Peer => "ports",
        };
        let position = rules.iter().position(|rule| self.nearness_of(rule) == nearness);
        position.map_or_else(|| self.rules_path(), |index| self.rules_path().index(index).key(field))
    }

    fn nearness(&self, policy: &Policy) -> Nearness {
        let rules = policy.rules(self.question.direction).iter();
        rules.map(|rule| self.nearness_of(rule)).max().unwrap_or(Nearness::NoRules)
    }

    fn nearness_of(&self, rule: &Rule) -> Nearness {
        match (rule.is_about_the_peer(&self.question), rule.is_about_the_port(&self.question)) {
            (Truth::No, Truth::No) => Nearness::Neither,
            (Truth::No, _) => Nearness::Port,
            (Truth::Yes | Truth::Unknown, _) => Nearness::Peer,
        }
    }

    /// The rule of the catalogue that finds the same mistake, where one connection is enough to say so.
    fn amounts_to(&self, near: &[&Rule], nearness: Nearness, others: usize) -> Option<RuleId> {
        let question = &self.question;
        let number = match (nearness, question.counterpart) {
            (Nearness::NoRules, _) if others == 0 && question.direction == Direction::Egress => 18,
            (Nearness::Peer, _) => {
                let mut ports = near.iter().flat_map(|rule| &rule.ports);
                return ports.all(|port| port.is_undeclared(question)).then(|| rule_id(5));
            }
            (Nearness::Port, End::Pod(pod)) => {
                let mut peers = near.iter().flat_map(|rule| &rule.peers);
                let is_on_the_host = pod.host_network;
                peers.find_map(|peer| {
                    let would_select = peer.would_select(pod, question) == Truth::Yes;
                    let is_elsewhere = peer.looks_in_the_wrong_namespace(pod, question);
                    (is_on_the_host && would_select).then_some(38).or(is_elsewhere.then_some(8))
                })?
            }
            _ => return None,
        };
        Some(rule_id(number))
    }

    fn isolates(&self, policy: &Policy) -> Truth {
        policy.isolates(self.question.subject, self.question.direction, self.question.host_network)
    }

    fn rules_path(&self) -> FieldPath {
        FieldPath::of("spec").key(self.question.direction.rules_field())
    }

    fn step_of(&self, verdict: Verdict, reason: String) -> Step {
        Step::new(self.question.direction.hop(), verdict, reason)
    }
}

const fn rule_id(number: u16) -> RuleId {
    RuleId::new(Family::NetworkPolicy, number)
}
