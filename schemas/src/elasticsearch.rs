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
