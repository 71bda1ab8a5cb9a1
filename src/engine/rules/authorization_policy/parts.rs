//! The parts of a policy with their paths, and the components that it is about.

use crate::model::FieldPath;
use crate::model::Text;
use crate::model::guard::{Component, Guard, Purpose};
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::{Condition, Operation, Rule, Source};

/// Every rule with its path.
pub(in crate::engine::rules) fn rules<'a>(
    policy: &'a AuthorizationPolicy<'a>,
) -> impl Iterator<Item = (FieldPath, &'a Rule<'a>)> {
    policy.spec.rules.iter().enumerate().map(|(index, rule)| (FieldPath::of("spec.rules").index(index), rule))
}

/// Every source of a rule with its path.
pub(in crate::engine::rules) fn sources_of<'a>(
    path: &FieldPath,
    rule: &'a Rule<'a>,
) -> impl Iterator<Item = (FieldPath, &'a Source<'a>)> + use<'a> {
    let path = path.key("from");
    let from = rule.from.iter().flatten().enumerate();
    from.filter_map(move |(index, from)| Some((path.index(index).key("source"), from.source.as_ref()?)))
}

/// Every operation of a rule with its path.
pub(in crate::engine::rules) fn operations_of<'a>(
    path: &FieldPath,
    rule: &'a Rule<'a>,
) -> impl Iterator<Item = (FieldPath, &'a Operation<'a>)> + use<'a> {
    let path = path.key("to");
    let to = rule.to.iter().flatten().enumerate();
    to.filter_map(move |(index, to)| Some((path.index(index).key("operation"), to.operation.as_ref()?)))
}

/// Every source of the policy with its path.
pub(super) fn sources<'a>(policy: &'a AuthorizationPolicy<'a>) -> impl Iterator<Item = (FieldPath, &'a Source<'a>)> {
    rules(policy).flat_map(|(path, rule)| sources_of(&path, rule))
}

/// Every operation of the policy with its path.
pub(super) fn operations<'a>(
    policy: &'a AuthorizationPolicy<'a>,
) -> impl Iterator<Item = (FieldPath, &'a Operation<'a>)> {
    rules(policy).flat_map(|(path, rule)| operations_of(&path, rule))
}

/// Every condition of the policy with its path.
pub(super) fn conditions<'a>(
    policy: &'a AuthorizationPolicy<'a>,
) -> impl Iterator<Item = (FieldPath, &'a Condition<'a>)> {
    rules(policy).flat_map(|(path, rule)| {
        let path = path.key("when");
        rule.when.iter().enumerate().map(move |(index, condition)| (path.index(index), condition))
    })
}

/// The values of the conditions on an attribute with their paths.
pub(super) fn values_of<'a>(
    policy: &'a AuthorizationPolicy<'a>,
    key: &'static str,
) -> impl Iterator<Item = (FieldPath, &'a Text<'a>)> {
    conditions(policy).filter(move |(_, condition)| condition.key == key).flat_map(|(path, condition)| {
        condition.lists().into_iter().flat_map(move |(field, values)| with_paths(&path.key(field), values))
    })
}

/// Every principal of the policy with its path: those of sources, those left out, and those of conditions.
pub(super) fn principals<'a>(policy: &'a AuthorizationPolicy<'a>) -> impl Iterator<Item = (FieldPath, &'a Text<'a>)> {
    let of_sources = sources(policy).flat_map(|(path, source)| {
        with_paths(&path.key("principals"), &source.principals)
            .chain(with_paths(&path.key("notPrincipals"), &source.not_principals))
    });
    of_sources.chain(values_of(policy, "source.principal"))
}

/// The items of a list with their paths.
pub(in crate::engine::rules) fn with_paths<'a, T>(
    list: &FieldPath,
    items: &'a [T],
) -> impl Iterator<Item = (FieldPath, &'a T)> + use<'a, T> {
    let list = list.clone();
    items.iter().enumerate().map(move |(index, item)| (list.index(index), item))
}

/// The components of the guard that a policy holds for, as far as that is certain. One without selector holds for all
/// of its namespace; the policies of the mesh's root namespace hold for every namespace.
pub(super) fn components<'a>(policy: &'a AuthorizationPolicy<'_>, guard: &'a Guard) -> Vec<&'a Component> {
    let namespace = policy.metadata.namespace.as_ref();
    let is_near = namespace.is_none_or(|name| *name == *guard.namespace || *name == *guard.mesh.root_namespace);
    if !is_near || policy.spec.has_targets() {
        return Vec::new();
    }
    let in_mesh = |component: &&Component| component.in_mesh != Some(false);
    match &policy.spec.selector {
        Some(selector) if !selector.is_empty() => guard.selected_by(selector).filter(in_mesh).collect(),
        _ => guard.components.iter().filter(in_mesh).collect(),
    }
}

/// The ports of a component that people and dashboards look at.
pub(super) fn interfaces<'a>(component: &'a Component, guard: &'a Guard) -> impl Iterator<Item = u16> {
    let named = ["http-web", "web"].into_iter().filter_map(|name| component.port_named(name));
    let declared = guard.connections_to(component).filter(|connection| connection.purpose == Purpose::Ui);
    let declared = declared.flat_map(|connection| connection.ports.iter().map(|(number, _)| *number));
    named.map(|port| port.number).chain(declared)
}
