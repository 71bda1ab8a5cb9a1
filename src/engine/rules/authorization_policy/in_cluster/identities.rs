//! Identities, held against the namespaces and service accounts that there are.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::rules::authorization_policy::parts;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::model::principal::Principal;
use crate::model::resource::AuthorizationPolicy;
use crate::model::snapshot::Namespace;
use crate::model::suggestion::did_you_mean;
use crate::model::{FieldPath, Resource};

/// One that a policy names: where, in which namespace, and its service account unless only the namespace is named.
struct Named<'a> {
    path: FieldPath,
    namespace: &'a str,
    account: Option<&'a str>,
}

pub(in crate::engine::rules::authorization_policy) fn no_namespace(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    let known: BTreeSet<&str> = cluster.snapshot.namespaces().iter().map(Namespace::name).collect();
    for policy in &cluster.written.authorization {
        if !cluster.knows_namespaces_beside(policy.namespace()) {
            continue;
        }
        let named = named(&policy.view, policy.namespace(), cluster);
        for Named { path, namespace, .. } in named.into_iter().filter(|named| !known.contains(named.namespace)) {
            let hint = did_you_mean(namespace, known.iter().copied());
            let fix = format!("name a namespace that there is{hint}");
            findings.report(policy.object, path, "its namespace does not exist, so it never matches", fix);
        }
    }
}

pub(in crate::engine::rules::authorization_policy) fn no_account(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    let Some(accounts) = accounts(cluster) else { return };
    for policy in &cluster.written.authorization {
        for Named { path, namespace, account } in named(&policy.view, policy.namespace(), cluster) {
            let (Some(account), Some(known)) = (account, accounts.get(namespace)) else { continue };
            if account != "default" && !known.contains(account) {
                let hint = did_you_mean(account, known.iter().copied());
                let fix = format!("name a service account of {namespace}{hint}");
                findings.report(policy.object, path, "its service account does not exist, so it never matches", fix);
            }
        }
    }
}

/// The service accounts of every namespace of which any are given, and those that pods have; `None` where no
/// ServiceAccount is given at all.
fn accounts<'s>(cluster: &Cluster<'_, 's>) -> Option<BTreeMap<&'s str, BTreeSet<&'s str>>> {
    let mut accounts = BTreeMap::<&str, BTreeSet<&str>>::new();
    for account in cluster.snapshot.objects(Resource::ServiceAccount) {
        accounts.entry(account.namespace()).or_default().insert(&account.reference.name);
    }
    if accounts.is_empty() {
        return None;
    }
    for pod in cluster.written.shapes.all() {
        accounts.entry(&pod.namespace).or_default().insert(&pod.service_account);
    }
    Some(accounts)
}

/// All that are named without a wildcard. Other trust domains are other clusters, of which nothing is known.
fn named<'a>(policy: &'a AuthorizationPolicy<'a>, own: &'a str, cluster: &Cluster<'_, '_>) -> Vec<Named<'a>> {
    let mesh = cluster.evaluator.mesh();
    let is_ours = |domain: &str| {
        domain == mesh.trust_domain
            || domain == "cluster.local"
            || mesh.trust_domain_aliases.iter().any(|it| it == domain)
    };
    let principals = parts::principals(policy).filter_map(|(path, principal)| {
        let Principal { trust_domain, namespace, service_account } = Principal::parse(principal)?;
        is_ours(trust_domain).then_some(Named { path, namespace, account: Some(service_account) })
    });
    let accounts = parts::sources(policy).flat_map(move |(path, source)| {
        parts::with_paths(&path.key("serviceAccounts"), &source.service_accounts).map(move |(path, account)| {
            let (namespace, account) = account.split_once('/').unwrap_or((own, account));
            Named { path, namespace, account: Some(account) }
        })
    });
    let namespaces = parts::sources(policy).flat_map(|(path, source)| {
        parts::with_paths(&path.key("namespaces"), &source.namespaces).map(|(path, namespace)| Named {
            path,
            namespace,
            account: None,
        })
    });
    // What no name can be is for other rules, like names with wildcards.
    let is_name = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
    let all = principals.chain(accounts).chain(namespaces);
    all.filter(|named| is_name(named.namespace) && named.account.is_none_or(is_name)).collect()
}
