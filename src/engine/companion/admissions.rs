//! From single permissions to rules: ports that the same callers may reach share a rule.

/// Callers and the ports that each of them may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Admission<Caller, Port> {
    /// Callers, in the order in which they were first named.
    pub(super) callers: Vec<Caller>,
    /// Ports, likewise.
    pub(super) ports: Vec<Port>,
}

/// The fewest rules that admit exactly these callers to these ports, without repeating a port. Order is that of first
/// mention, so that a guard always gives the same rules.
pub(super) fn grouped<Caller: PartialEq, Port: PartialEq>(
    permissions: impl IntoIterator<Item = (Caller, Port)>,
) -> Vec<Admission<Caller, Port>> {
    let mut by_port: Vec<Admission<Caller, Port>> = Vec::new();
    for (caller, port) in permissions {
        match by_port.iter_mut().find(|admission| admission.ports.contains(&port)) {
            Some(known) if known.callers.contains(&caller) => {}
            Some(known) => known.callers.push(caller),
            None => by_port.push(Admission { callers: vec![caller], ports: vec![port] }),
        }
    }
    let mut rules: Vec<Admission<Caller, Port>> = Vec::new();
    for admission in by_port {
        match rules.iter_mut().find(|rule| same(&rule.callers, &admission.callers)) {
            Some(rule) => rule.ports.extend(admission.ports),
            None => rules.push(admission),
        }
    }
    rules
}

/// Whether two lists without repetitions hold the same.
fn same<T: PartialEq>(left: &[T], right: &[T]) -> bool {
    left.len() == right.len() && left.iter().all(|item| right.contains(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_the_same_callers_share_a_rule_whatever_the_order() {
        let permissions = [("a", 1), ("b", 1), ("b", 2), ("a", 2), ("a", 3), ("a", 3)];
        let rules = grouped(permissions);
        assert_eq!(
            rules,
            [
                Admission { callers: vec!["a", "b"], ports: vec![1, 2] },
                Admission { callers: vec!["a"], ports: vec![3] }
            ]
        );
    }
}
