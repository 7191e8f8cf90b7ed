//! What a server has to know before the first document.

use serde_json::{Value, json};

/// The data streams, `vaectl-<tier>-<namespace>`.
const TIERS: [&str; 6] = ["process", "network", "file", "incident", "stable", "window"];

/// What an Elasticsearch server has to know before the first document: the path of each template and its JSON, in the
/// order in which they are installed.
///
/// Each data stream `vaectl-<tier>-<namespace>` has an index template, made of component templates. Every field that
/// can be searched is listed; what is not listed is stored and not indexed.
///
/// Events are kept for 30 days, incidents for a year, the stable tier for 90 days, windows for a week. A component
/// template `vaectl-<tier>@custom`, which is the operator's own, comes last and may say otherwise.
#[must_use]
pub fn elasticsearch_templates() -> [(&'static str, &'static str); 11] {
    macro_rules! template {
        ($kind:literal, $name:literal) => {
            (
                concat!("_", $kind, "_template/vaectl-", $name),
                include_str!(concat!("../elasticsearch/", $kind, "-", $name, ".json")),
            )
        };
    }
    [
        template!("component", "common"),
        template!("component", "process"),
        template!("component", "incident"),
        template!("component", "stable"),
        template!("component", "window"),
        template!("index", "process"),
        template!("index", "network"),
        template!("index", "file"),
        template!("index", "incident"),
        template!("index", "stable"),
        template!("index", "window"),
    ]
}

/// What an `OpenSearch` server has to know beside them, since it has no data-stream lifecycle: for each tier the path and
/// the JSON of a policy of its index state management, which keeps documents as long as the templates say.
#[must_use]
pub fn opensearch_policies() -> [(String, String); 6] {
    TIERS.map(|tier| {
        let policy = json!({ "policy": {
            "description": format!("Keeps vaectl-{tier}-* as long as its templates say."),
            "default_state": "written",
            "states": [
                {
                    "name": "written",
                    "actions": [{ "rollover": { "min_index_age": "7d", "min_primary_shard_size": "50gb" } }],
                    "transitions": [{ "state_name": "gone", "conditions": { "min_rollover_age": retention(tier) } }],
                },
                { "name": "gone", "actions": [{ "delete": {} }], "transitions": [] },
            ],
            "ism_template": [{ "index_patterns": [format!("vaectl-{tier}-*")], "priority": 200 }],
        } });
        (format!("_plugins/_ism/policies/vaectl-{tier}"), format!("{policy:#}\n"))
    })
}

/// How long a tier is kept: the last of its component templates that says so is obeyed.
fn retention(tier: &str) -> Value {
    let template = |path: &str| -> Value {
        let templates = elasticsearch_templates();
        let found = templates.iter().find(|(known, _)| *known == path);
        found.and_then(|(_, template)| serde_json::from_str(template).ok()).unwrap_or_default()
    };
    let index = template(&format!("_index_template/vaectl-{tier}"));
    let components = index["composed_of"].as_array().into_iter().flatten().rev().filter_map(Value::as_str);
    components
        .map(|name| template(&format!("_component_template/{name}"))["template"]["lifecycle"]["data_retention"].take())
        .find(Value::is_string)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::{TIERS, elasticsearch_templates, opensearch_policies, retention};

    /// Names and types of the field sets that are used, from the reference's `generated/csv/fields.csv`.
    const REFERENCE: &str = include_str!("../elasticsearch/ecs-9.0.0.csv");
    /// What the schema has no name for.
    const OWN: [&str; 5] = ["type", "counters", "gauges", "execs", "process.entry_meta.type"];

    fn fields(properties: &Value, above: &str, found: &mut BTreeMap<String, String>) {
        for (name, field) in properties.as_object().into_iter().flatten() {
            let name = format!("{above}{name}");
            match field["type"].as_str() {
                Some(kind) => drop(found.insert(name, kind.to_owned())),
                None => fields(&field["properties"], &format!("{name}."), found),
            }
        }
    }

    #[test]
    fn every_mapped_field_has_the_name_and_the_type_that_the_reference_gives_it() {
        let reference: BTreeMap<_, _> = REFERENCE.lines().filter_map(|line| line.split_once(',')).collect();
        let mut mapped = BTreeMap::new();
        for (_, template) in elasticsearch_templates() {
            let template: Value = serde_json::from_str(template).unwrap();
            fields(&template["template"]["mappings"]["properties"], "", &mut mapped);
        }
        let ecs = mapped.iter().filter(|(name, _)| {
            !OWN.contains(&name.as_str()) && !name.starts_with("vaectl.") && !name.starts_with("process.ancestors.")
        });
        let mut checked = 0;
        for (name, kind) in ecs {
            // Nanoseconds are a kind of date.
            let kind = kind.strip_suffix("_nanos").unwrap_or(kind);
            assert_eq!(reference.get(name.as_str()), Some(&kind), "{name}");
            checked += 1;
        }
        assert!(checked > 60, "{checked}");
        assert!(REFERENCE.contains("ecs.version") && crate::ECS_VERSION == "9.0.0");
    }

    #[test]
    fn opensearch_keeps_each_tier_as_long_as_elasticsearch_does() {
        assert_eq!(TIERS.map(retention), ["30d", "30d", "30d", "365d", "90d", "7d"]);
        for ((path, policy), tier) in opensearch_policies().iter().zip(TIERS) {
            let policy: Value = serde_json::from_str(policy).unwrap();
            assert!(path.ends_with(tier) && policy["policy"]["ism_template"][0]["index_patterns"][0] != "", "{path}");
        }
    }
}
