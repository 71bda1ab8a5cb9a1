//! One more caller in an AuthorizationPolicy: admitted by a rule of its own, or left out of one that refuses.

use serde_json::{Map, Value, json};

use super::Wanted;
use super::draft::{Draft, list, object};
use crate::model::field_path::Segment;
use crate::model::{FieldPath, ObjectReference, Resource};

/// Admits the caller by its identity. Where no rule admits it, it gets one; where a rule refuses it, it is left out.
pub(super) fn admit(
    draft: &mut Draft<'_>,
    wanted: &Wanted<'_, '_>,
    policy: &ObjectReference,
    path: &FieldPath,
) -> Option<String> {
    let principal = wanted.principal()?;
    let port = wanted.connection.port;
    let rules = list(draft.spec(Resource::AuthorizationPolicy, policy)?, "rules")?;
    if let Some(Segment::Index(index)) = path.segments().last() {
        leave_out(rules.get_mut(*index)?.as_object_mut()?, &principal)?;
        return Some(format!("let rule {index} of {policy} leave out {principal}"));
    }
    rules.push(json!({
        "from": [{"source": {"principals": [principal]}}],
        "to": [{"operation": {"ports": [port.to_string()]}}],
    }));
    Some(format!("let {policy} admit {principal} to port {port}"))
}

fn leave_out(rule: &mut Map<String, Value>, principal: &str) -> Option<()> {
    let from = list(rule, "from")?;
    if from.is_empty() {
        from.push(json!({"source": {}}));
    }
    for source in from {
        let source = object(source.as_object_mut()?, "source")?;
        list(source, "notPrincipals")?.push(Value::from(principal));
    }
    Some(())
}
