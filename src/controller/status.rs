//! What people see of a guard: its status, written when it says something new.

pub mod report;
pub mod totals;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::controller::companions::ledger::Ledger;
use crate::controller::declared::{Declaration, Declared, resource};
use crate::controller::existing::Existing;
use crate::controller::status::report::{Known, report};
use crate::controller::status::totals::Totals;
use crate::controller::{Context, FIELD_MANAGER};
use crate::engine::analysis::Analysis;
use crate::model::guard::document::{API_VERSION, KIND};
use crate::model::guard::status::GuardStatus;
use crate::state::Analysed;

/// The least time between two writes of one status that say how things are.
const SOON: Duration = Duration::from_millis(500);
/// The same where only counts have changed, which they may do all the time.
const LATER: Duration = Duration::from_secs(5);
/// How long a write may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a status is made of, as it comes in.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The guards as they are declared.
    pub declared: watch::Receiver<Option<Arc<Declared>>>,
    /// The companions, once they are known.
    pub ledger: watch::Receiver<Option<Arc<Ledger>>>,
    /// What exists and lacks something, once it is known.
    pub existing: watch::Receiver<Option<Arc<Existing>>>,
}

/// Keeps the status of every guard true, for as long as it is polled.
pub async fn run(context: Context, mut sources: Sources) {
    let mut states = context.shared.state.subscribe();
    let mut counted = Counted::default();
    let mut writer = Writer { context, written: HashMap::new(), trouble: None };
    loop {
        states.mark_unchanged();
        let declared = sources.declared.borrow_and_update().clone().unwrap_or_default();
        let known = Known {
            state: writer.context.shared.state.kept(),
            ledger: sources.ledger.borrow_and_update().clone(),
            totals: counted.of(writer.context.shared.state.analysed()),
            existing: sources.existing.borrow_and_update().clone(),
        };
        let is_all_written = writer.round(&declared, &known).await;
        sleep(SOON).await;
        if is_all_written {
            tokio::select! {
                _ = states.changed() => {}
                _ = sources.declared.changed() => {}
                _ = sources.ledger.changed() => {}
                _ = sources.existing.changed() => {}
                // The analysis follows the state, and tells nobody.
                () = sleep(LATER) => {}
            }
        }
    }
}

/// The last analysis that was counted, and what that came to.
#[derive(Debug, Default)]
struct Counted(Option<(Arc<Analysis>, Arc<Totals>)>);

impl Counted {
    /// Counts what is not counted yet.
    fn of(&mut self, analysed: Option<Arc<Analysed>>) -> Arc<Totals> {
        let Some(analysis) = analysed.map(|analysed| Arc::clone(&analysed.analysis)) else { return Arc::default() };
        match &self.0 {
            Some((counted, totals)) if Arc::ptr_eq(counted, &analysis) => Arc::clone(totals),
            _ => {
                let totals = Arc::new(Totals::of(&analysis));
                self.0 = Some((analysis, Arc::clone(&totals)));
                totals
            }
        }
    }
}

struct Writer {
    context: Context,
    /// When each status was last written, and as what.
    written: HashMap<String, (Instant, GuardStatus)>,
    trouble: Option<String>,
}

impl Writer {
    /// Writes what is new. Returns whether nothing is left that is new and was not written because it is too soon.
    async fn round(&mut self, declared: &Declared, known: &Known) -> bool {
        self.written.retain(|name, _| declared.contains_key(name));
        let mut is_all_written = true;
        for (name, declaration) in declared.iter().filter(|(_, declaration)| !declaration.is_leaving) {
            let stored = GuardStatus::read(&declaration.status);
            let Some(status) = report(name, declaration, known) else { continue };
            let status = status.continuing(&stored, Timestamp::now());
            if stored == status && !declaration.status.is_null() {
                continue;
            }
            if self.is_due(name, &status) {
                let result = self.write(name, declaration, &status).await;
                self.note(result);
                self.written.insert(name.clone(), (Instant::now(), status));
            } else {
                is_all_written = false;
            }
        }
        is_all_written
    }

    /// Whether a status that is new is to be written now.
    fn is_due(&self, name: &str, status: &GuardStatus) -> bool {
        let Some((when, last)) = self.written.get(name) else { return true };
        // What was written is not seen at once.
        let pause = if said(last) == said(status) { LATER } else { SOON };
        when.elapsed() >= pause
    }

    async fn write(&self, name: &str, declaration: &Declaration, status: &GuardStatus) -> Result<(), String> {
        let api: Api<DynamicObject> = Api::all_with(self.context.client.clone(), &resource());
        // The guard that was looked at is meant, and no later one of its name.
        let metadata = json!({"name": name, "uid": declaration.uid});
        let object = json!({"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "status": status});
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let patch = Patch::Apply(&object);
        let write = api.patch_status(name, &parameters, &patch);
        match timeout(PATIENCE, write).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the API server does not answer".to_owned()),
        }
    }

    /// Logs trouble when it begins and when it is over.
    fn note(&mut self, result: Result<(), String>) {
        let trouble = result.err();
        match (&self.trouble, &trouble) {
            (None, Some(error)) => tracing::warn!(%error, "the status of a guard cannot be written"),
            (Some(_), None) => tracing::info!("the status of guards can be written again"),
            _ => {}
        }
        self.trouble = trouble;
    }
}

/// What somebody may be waiting for.
fn said(status: &GuardStatus) -> Value {
    let conditions = status.conditions.iter().map(|it| json!([it.kind, it.status, it.reason])).collect();
    json!([status.observed_generation, Value::Array(conditions)])
}
