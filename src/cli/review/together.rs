//! What can be said only about several objects at once, such as a namespace that no policy closes.

use crate::engine::admission::{Circumstances, Judgement, Request, validate_together};
use crate::model::Resource;
use crate::model::guard::Guards;
use crate::model::snapshot::{self, Snapshot};

/// The objects that rules over many objects look at; of all others nothing is kept.
#[derive(Debug, Default)]
pub(in crate::cli) struct Together(Vec<Kept>);

#[derive(Debug)]
struct Kept {
    resource: Resource,
    namespace: String,
    json: String,
}

impl Together {
    /// The objects of a snapshot.
    pub(in crate::cli) fn of(snapshot: &Snapshot) -> Self {
        let resource = Resource::NetworkPolicy;
        let kept = |kept: &snapshot::Kept| {
            let namespace = kept.namespace().to_owned();
            Kept { resource, namespace, json: kept.json.clone() }
        };
        Self(snapshot.objects(resource).map(kept).collect())
    }

    /// Keeps an object if there are rules that look at its kind together with others.
    pub(in crate::cli) fn keep(&mut self, resource: Resource, request: &Request<'_>) {
        let Some(json) = request.object.filter(|_| resource == Resource::NetworkPolicy) else { return };
        self.0.push(Kept { resource, namespace: request.namespace.to_owned(), json: json.to_owned() });
    }

    /// What the rules say, each guarded namespace in its own circumstances. Nothing without any object: one does not
    /// complain of policies to somebody who shows none.
    pub(in crate::cli) fn judgements(&self, guards: &Guards, of: impl Fn(&str) -> Circumstances) -> Vec<Judgement> {
        let requests: Vec<Request<'_>> = self.0.iter().map(Kept::request).collect();
        let concerned = |namespace: &str| self.0.iter().any(|kept| kept.namespace == namespace);
        let namespaces = guards.iter().map(|guard| guard.namespace.as_str()).filter(|it| concerned(it));
        let judge = |namespace| {
            let judgements = validate_together(&requests, guards, &of(namespace));
            judgements.into_iter().filter(move |judgement| judgement.finding.object.name == namespace)
        };
        namespaces.flat_map(judge).collect()
    }
}

impl Kept {
    fn request(&self) -> Request<'_> {
        Request::create(self.resource.group(), self.resource.kind(), &self.namespace, &self.json)
    }
}
