//! From the view of a rule to its compiled form.

use crate::engine::reach::authorization_policy::rule::{Alternative, Field, Layer, Rule};
use crate::engine::reach::authorization_policy::value::Value;
use crate::engine::reach::mesh::MeshSettings;
use crate::model::Text;
use crate::model::resource::authorization_policy as view;
use crate::model::resource::authorization_policy::{Condition, Operation, Source, WrittenPort};

/// Compiles the rules of a policy.
pub(in crate::engine::reach::authorization_policy) struct Compiler<'a> {
    /// The namespace of the policy.
    pub(in crate::engine::reach::authorization_policy) namespace: &'a str,
    pub(in crate::engine::reach::authorization_policy) settings: &'a MeshSettings,
}

impl Compiler<'_> {
    pub(in crate::engine::reach::authorization_policy) fn rule(&self, rule: &view::Rule<'_>) -> Rule {
        let from = clause(rule.from.as_deref(), |from| from.source.as_ref().map(|source| self.source(source)));
        let to = clause(rule.to.as_deref(), |to| to.operation.as_ref().map(operation));
        let when = rule.when.iter().map(|condition| vec![vec![self.condition(condition)]]);
        let others = (!rule.others.is_empty()).then(|| vec![vec![undecided("a field that is not known here")]]);
        Rule { clauses: from.into_iter().chain(to).chain(when).chain(others).collect() }
    }

    fn source(&self, source: &Source<'_>) -> Alternative {
        let lists = [
            ("principals", Layer::Connection, &source.principals, &source.not_principals),
            ("namespaces", Layer::Connection, &source.namespaces, &source.not_namespaces),
            ("serviceAccounts", Layer::Connection, &source.service_accounts, &source.not_service_accounts),
            ("trustDomains", Layer::SidecarOnly, &source.trust_domains, &source.not_trust_domains),
            ("ipBlocks", Layer::Connection, &source.ip_blocks, &source.not_ip_blocks),
            ("remoteIpBlocks", Layer::Sidecar, &source.remote_ip_blocks, &source.not_remote_ip_blocks),
            ("requestPrincipals", Layer::Http, &source.request_principals, &source.not_request_principals),
        ];
        let fields = lists.map(|(name, layer, any_of, none_of)| {
            self.field(name, layer, any_of, none_of, |compiler, text| compiler.source_value(name, text))
        });
        with_others(fields, source.others.is_empty())
    }

    fn source_value(&self, name: &str, text: &str) -> Value {
        match name {
            "principals" => Value::principal(text, self.settings),
            "namespaces" => Value::namespace(text),
            "serviceAccounts" => Value::service_account(text, self.namespace),
            "trustDomains" => Value::trust_domain(text, self.settings),
            "ipBlocks" => Value::from(text),
            _ => Value::Undecided,
        }
    }

    fn condition(&self, condition: &Condition<'_>) -> Field {
        let key = condition.key.as_str();
        self.field(key, layer_of(key), &condition.values, &condition.not_values, |compiler, text| match key {
            "source.principal" => Value::principal(text, compiler.settings),
            "source.namespace" => Value::namespace(text),
            "source.serviceAccount" => Value::service_account(text, compiler.namespace),
            "source.trustDomain" => Value::trust_domain(text, compiler.settings),
            "source.ip" => Value::from(text),
            "destination.ip" => Value::to(text),
            "destination.port" => Value::port(WrittenPort::Text(text.into()).number()),
            _ => Value::Undecided,
        })
    }

    fn field(
        &self,
        name: &str,
        layer: Layer,
        any_of: &[Text<'_>],
        none_of: &[Text<'_>],
        value: impl Fn(&Self, &str) -> Value,
    ) -> Field {
        let values = |list: &[Text<'_>]| list.iter().map(|text| value(self, text)).collect();
        Field { name: name.to_owned(), layer, any_of: values(any_of), none_of: values(none_of) }
    }
}

/// A clause of the alternatives that are given; none at all make no clause.
fn clause<T>(items: Option<&[T]>, compile: impl Fn(&T) -> Option<Alternative>) -> Option<Vec<Alternative>> {
    let items = items.filter(|items| !items.is_empty())?;
    Some(items.iter().map(|item| compile(item).unwrap_or_else(|| vec![undecided("an empty item")])).collect())
}

fn operation(operation: &Operation<'_>) -> Alternative {
    let http = |name: &str, value: fn(&str) -> Value, any_of: &[Text<'_>], none_of: &[Text<'_>]| {
        let values = |list: &[Text<'_>]| list.iter().map(|text| value(text)).collect();
        Field { name: name.to_owned(), layer: Layer::Http, any_of: values(any_of), none_of: values(none_of) }
    };
    let ports = |list: &[WrittenPort<'_>]| list.iter().map(|port| Value::port(port.number())).collect();
    let fields = [
        Field {
            name: "ports".to_owned(),
            layer: Layer::Connection,
            any_of: ports(&operation.ports),
            none_of: ports(&operation.not_ports),
        },
        http("hosts", Value::host, &operation.hosts, &operation.not_hosts),
        http("methods", |text| Value::Method(text.to_owned()), &operation.methods, &operation.not_methods),
        http("paths", Value::path, &operation.paths, &operation.not_paths),
    ];
    with_others(fields, operation.others.is_empty())
}

/// The fields in which something stands.
fn with_others(fields: impl IntoIterator<Item = Field>, no_others: bool) -> Alternative {
    let others = (!no_others).then(|| undecided("a field that is not known here"));
    fields.into_iter().filter(|field| !field.is_empty()).chain(others).collect()
}

fn undecided(name: &str) -> Field {
    Field { name: name.to_owned(), layer: Layer::Connection, any_of: vec![Value::Undecided], none_of: Vec::new() }
}

fn layer_of(key: &str) -> Layer {
    match key {
        "source.ip" | "source.namespace" | "source.principal" | "destination.ip" | "destination.port" => {
            Layer::Connection
        }
        _ if key.starts_with("request.") => Layer::Http,
        _ => Layer::Sidecar,
    }
}
