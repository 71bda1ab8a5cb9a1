//! What only the leader does. All of it ends at once when it leads no more, and begins anew, knowing nothing, when it
//! leads again.

use tokio::sync::watch;

use crate::controller::events::Teller;
use crate::controller::status::Sources;
use crate::controller::{Context, companions, declared, events, existing, status};

/// Does the leader's work whenever this replica leads, until it is dropped.
pub async fn run(context: Context) {
    let mut leading = context.leading.clone();
    loop {
        if leading.wait_for(|leads| *leads).await.is_err() {
            return;
        }
        context.shared.metrics.companions.leading.set(1);
        tokio::select! {
            () = work(&context) => {}
            _ = leading.wait_for(|leads| !*leads) => {}
        }
        context.shared.metrics.companions.leading.set(0);
    }
}

async fn work(context: &Context) {
    let (declare, declared) = watch::channel(None);
    let (keep, ledger) = watch::channel(None);
    let (find, found) = watch::channel(None);
    let (teller, happenings) = Teller::new();
    let sources = Sources { declared: declared.clone(), ledger, existing: found };
    tokio::join!(
        declared::run(context.client.clone(), declare),
        companions::run(context.clone(), declared, keep, teller.clone()),
        existing::run(context.clone(), find, teller),
        status::run(context.clone(), sources),
        events::run(context.client.clone(), context.settings.identity.clone(), happenings),
    );
}
