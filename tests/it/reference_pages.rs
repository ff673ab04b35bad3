//! Compares the reference pages of the guide with the code, so that a new setting, error kind,
//! feature or extension that a page lacks is a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hoopai::auth::OAuthApp;
use hoopai::rate_limit::RateLimitSettings;
use hoopai::retry::{DefaultRetryPolicy, FullJitter, TokenBucket};
use hoopai::{ApiErrorKind, Client, Handle, Method};
use hoopai_test_support::{Reply, Server};
use serde_json::json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn page(name: &str) -> String {
    read(&format!("docs/src/{name}.md"))
}

/// The sections of a page by their headings of level two.
fn sections(page: &str) -> BTreeMap<&str, &str> {
    let sections = page.split("\n## ").skip(1);
    sections
        .map(|section| section.split_once('\n').expect("a heading"))
        .collect()
}

/// The rows of all tables with this first column, without their headings.
fn rows<'a>(text: &'a str, first_column: &str) -> Vec<Vec<&'a str>> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut previous_is_row = false;
    for line in text.lines() {
        let Some(row) = line.strip_prefix("| ") else {
            previous_is_row = line.starts_with('|') && previous_is_row;
            continue;
        };
        let cells = row.trim_end_matches('|').split(" |").map(str::trim);
        let cells: Vec<&str> = cells.collect();
        if !previous_is_row {
            inside = cells[0] == first_column;
        } else if inside {
            found.push(cells);
        }
        previous_is_row = true;
    }
    found
}

fn code(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

/// The names in the first column, each of which must be listed once.
fn names(text: &str, first_column: &str) -> BTreeSet<String> {
    let rows = rows(text, first_column);
    let names: BTreeSet<String> = rows.iter().map(|row| code(row[0])).collect();
    assert_eq!(names.len(), rows.len(), "a row is repeated: {names:?}");
    names
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// The methods of a type that consume and return it.
fn setters(api: &str, type_name: &str) -> BTreeSet<String> {
    let prefix = format!("fn {type_name}::");
    let signatures = api.lines().filter(|line| line.ends_with("-> Self"));
    let setters = signatures.filter_map(|line| line.split_once(&prefix)?.1.split_once("(self"));
    setters.map(|(name, _)| name.to_owned()).collect()
}

fn variants(api: &str, enum_name: &str) -> BTreeSet<String> {
    let prefix = format!("pub {enum_name}::");
    let variants = api.lines().filter_map(|line| line.strip_prefix(&prefix));
    variants.map(str::to_owned).collect()
}

#[test]
fn settings_page_lists_every_setter() {
    let page = page("settings");
    let sections = sections(&page);
    let [facade, runtime, auth] = ["hoopai", "hoopai-runtime", "hoopai-auth"]
        .map(|name| read(&format!("crates/{name}/public-api.txt")));
    for (section, api, types) in [
        ("Client", &facade, &["hoopai::ClientBuilder"][..]),
        ("Call", &runtime, &["hoopai_runtime::CallOptions"]),
        (
            "Rate limits",
            &runtime,
            &["hoopai_runtime::rate_limit::RateLimitSettings"],
        ),
        (
            "Retries",
            &runtime,
            &[
                "hoopai_runtime::retry::DefaultRetryPolicy",
                "hoopai_runtime::retry::FullJitter",
            ],
        ),
        (
            "Lists",
            &runtime,
            &["hoopai_runtime::paging::ItemStream<T>"],
        ),
        (
            "Lists",
            &runtime,
            &["hoopai_runtime::paging::PageStream<R>"],
        ),
        ("OAuth app", &auth, &["hoopai_auth::OAuthApp"]),
        (
            "Scheduled refreshes",
            &auth,
            &["hoopai_auth::ScheduleSettings"],
        ),
    ] {
        let mut declared = BTreeSet::new();
        for name in types {
            let of_type = setters(api, name);
            assert!(!of_type.is_empty(), "{name}");
            declared.extend(of_type);
        }
        assert_eq!(names(sections[section], "setting"), declared, "{section}");
    }
    // The other builders, whose differences the page states.
    let client = setters(&facade, "hoopai::ClientBuilder");
    let handle = setters(&runtime, "hoopai_runtime::HandleBuilder");
    let only_client = client.difference(&handle).cloned().collect();
    assert_eq!(set(["oauth_app", "token_store"]), only_client);
    assert!(handle.is_subset(&client));
    let oauth = setters(&auth, "hoopai_auth::OAuth");
    assert_eq!(oauth, set(["token_store"]));
}

/// The fields of a `Debug` output, with the text of their values.
fn fields(debug: &str) -> BTreeMap<String, String> {
    let parts = debug.split([',', '{', '}']);
    let fields = parts.filter_map(|part| part.trim().split_once(": "));
    let value = |text: &str| {
        let inner = text
            .strip_prefix("Some(")
            .and_then(|text| text.strip_suffix(')'));
        inner.unwrap_or(text).trim_matches('"').to_owned()
    };
    fields
        .map(|(name, text)| (name.to_owned(), value(text)))
        .collect()
}

/// An amount of the page in the form of `Debug`. `None`: the cell holds no amount.
fn amount(cell: &str) -> Option<String> {
    let (number, unit) = cell.split_once(' ').unwrap_or((cell, ""));
    let digits = number.replace(',', "");
    match unit {
        "seconds" => Some(format!(
            "{:?}",
            Duration::from_secs_f64(digits.parse().ok()?)
        )),
        "MiB" => Some((digits.parse::<u64>().ok()? << 20).to_string()),
        "" | "bytes" => digits.parse::<u64>().ok().map(|number| number.to_string()),
        _ => None,
    }
}

/// The value of a constant in the form of `Debug`: a product of integers, or a duration of one.
fn constant(file: &str, name: &str) -> String {
    let source = read(file);
    let start = format!("const {name}: ");
    let declaration = source.split(&start).nth(1).expect(name);
    let (_, value) = declaration.split_once(" = ").expect(name);
    let (value, _) = value.split_once(';').expect(name);
    let in_seconds = value.strip_prefix("Duration::from_secs(");
    let product = in_seconds.map_or(value, |value| value.trim_end_matches(')'));
    let number = |text: &str| text.trim().replace('_', "").parse::<u64>().expect(name);
    // `a * b - c`
    let (product, less) = product.split_once(" - ").unwrap_or((product, "0"));
    let result = product.split('*').map(number).product::<u64>() - number(less);
    match in_seconds {
        Some(_) => format!("{:?}", Duration::from_secs(result)),
        None => result.to_string(),
    }
}

#[test]
fn defaults_on_the_settings_page_are_those_of_the_code() {
    const BUILDER: &str = "crates/hoopai-runtime/src/client/builder.rs";
    const CONNECTION: &str = "crates/hoopai-runtime/src/client/connection.rs";
    const PAGER: &str = "crates/hoopai-runtime/src/paging/pager.rs";
    let mut client = fields(&format!("{:?}", Handle::builder()));
    // `Debug` does not show these.
    let builder = read(BUILDER);
    assert!(
        builder.contains("read_timeout: ATTEMPT_TIMEOUT"),
        "{BUILDER}"
    );
    client.insert("read_timeout".into(), constant(BUILDER, "ATTEMPT_TIMEOUT"));
    client.insert(
        "connect_timeout".into(),
        constant(CONNECTION, "CONNECT_TIMEOUT"),
    );
    client.insert(
        "base_url".into(),
        hoopai::runtime::DEFAULT_BASE_URL.to_owned(),
    );

    let mut retries = fields(&format!("{:?}", DefaultRetryPolicy::new()));
    retries.extend(fields(&format!("{:?}", FullJitter::new())));

    let pager = read(PAGER);
    let lists = ["prefetch: true", "concurrency: 1"];
    assert!(
        lists.iter().all(|default| pager.contains(default)),
        "{PAGER}"
    );
    let lists = BTreeMap::from([("concurrent".to_owned(), "1".to_owned())]);

    let page = page("settings");
    let sections = sections(&page);
    let mut checked = 0;
    for (section, defaults) in [
        ("Client", client),
        (
            "Rate limits",
            fields(&format!("{:?}", RateLimitSettings::default())),
        ),
        ("Retries", retries),
        ("Lists", lists),
        (
            "OAuth app",
            fields(&format!(
                "{:?}",
                OAuthApp::new("id", "secret", "https://example.com")
            )),
        ),
        (
            "Scheduled refreshes",
            fields(&format!("{:?}", hoopai_auth::ScheduleSettings::new())),
        ),
    ] {
        for row in rows(sections[section], "setting") {
            let name = code(row[0]);
            // A default of reqwest, which no interface shows.
            if name == "pool_idle_timeout" {
                continue;
            }
            let is_url = row[1].starts_with("`https:") || row[1].starts_with("`/");
            let shown = if is_url {
                Some(code(row[1]))
            } else {
                amount(row[1])
            };
            if let Some(shown) = shown {
                assert_eq!(defaults.get(&name), Some(&shown), "{section}: {name}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 21, "the numeric defaults and URLs");
}

#[test]
fn texts_on_the_settings_page_agree_with_the_code() {
    let page = page("settings");
    let white_label = OAuthApp::new("id", "secret", "https://example.com").white_label();
    let host = &fields(&format!("{white_label:?}"))["chooser_host"];
    assert!(page.contains(&format!("equals `chooser_host` with `{host}`")));
    assert!(page.contains(&format!("`{}`", hoopai::runtime::DEFAULT_API_VERSION)));

    let row = |name: &str| {
        let line = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        line.unwrap_or_else(|| panic!("{name}"))
    };
    let numbers = |name: &str| -> Vec<f64> {
        let words = row(name).split([' ', ',']);
        words.filter_map(|word| word.parse().ok()).collect()
    };
    let [capacity, earned] = numbers("TokenBucket::new")[..] else {
        panic!("{}", row("TokenBucket::new"));
    };
    let shown = TokenBucket::with(capacity as u32, earned);
    assert_eq!(format!("{:?}", TokenBucket::new()), format!("{shown:?}"));

    let tokens = fields(&format!("{:?}", RateLimitSettings::token_endpoint()));
    let [max, interval, max_wait] = numbers("token_endpoint")[..] else {
        panic!("{}", row("token_endpoint"));
    };
    let shown = [
        max.to_string(),
        format!("{:?}", Duration::from_secs_f64(interval)),
        format!("{:?}", Duration::from_secs_f64(max_wait)),
    ];
    assert_eq!(
        ["max", "interval", "max_wait"].map(|name| tokens[name].clone()),
        shown
    );
    assert_eq!(tokens["daily"], "None");
}

/// The beginning of each label of the page's fixed values, and its constant.
const FIXED: [(&str, &str, &str); 16] = [
    (
        "longest URL",
        "hoopai-runtime/src/client/call/checks.rs",
        "MAX_URL",
    ),
    (
        "longest pause",
        "hoopai-runtime/src/send/rate_limit/headers.rs",
        "LONGEST_PAUSE",
    ),
    (
        "wait for the body",
        "hoopai-runtime/src/send/attempt.rs",
        "ERROR_BODY_TIMEOUT",
    ),
    (
        "empty pages",
        "hoopai-runtime/src/paging/traversal.rs",
        "EMPTY_PAGES",
    ),
    (
        "access token is refreshed before it expires: a tenth",
        "hoopai-auth/src/manager/schedule.rs",
        "WINDOW_MIN",
    ),
    (
        "access token is refreshed before it expires, at most",
        "hoopai-auth/src/manager/schedule.rs",
        "WINDOW_MAX",
    ),
    (
        "access token is not used",
        "hoopai-auth/src/manager/schedule.rs",
        "MARGIN",
    ),
    (
        "lifetime",
        "hoopai-auth/src/record/token_set.rs",
        "DEFAULT_LIFETIME",
    ),
    (
        "refreshes of an account",
        "hoopai-auth/src/manager/schedule.rs",
        "FORCED_REFRESHES_PER_MINUTE",
    ),
    (
        "wait for a refresh",
        "hoopai-auth/src/manager/lease.rs",
        "LEASE_WAIT",
    ),
    (
        "lease of a process",
        "hoopai-auth/src/manager/lease.rs",
        "LEASE_TTL",
    ),
    (
        "wait for the lock",
        "hoopai-auth/src/store/file/disk.rs",
        "GUARD_WAIT",
    ),
    (
        "a scheduled refresh precedes",
        "hoopai-auth/src/manager/schedule.rs",
        "AHEAD_MAX",
    ),
    (
        "lease of the leader",
        "hoopai-auth/src/manager/scheduler.rs",
        "LEADER_TTL",
    ),
    (
        "attempts of other processes",
        "hoopai-auth/src/manager/scheduler.rs",
        "STANDBY_PAUSE",
    ),
    (
        "search for new accounts",
        "hoopai-auth/src/manager/scheduler.rs",
        "SEARCH_PAUSE",
    ),
];

#[test]
fn fixed_values_on_the_settings_page_are_those_of_the_code() {
    let page = page("settings");
    let sections = sections(&page);
    let rows = rows(sections["Fixed values"], "value");
    assert_eq!(rows.len(), FIXED.len());
    for (row, (label, file, name)) in rows.iter().zip(FIXED) {
        assert!(row[0].starts_with(label), "{}", row[0]);
        let value = constant(&format!("crates/{file}"), name);
        assert_eq!(amount(row[1]), Some(value), "{name}");
    }
}

#[test]
fn settings_page_lists_the_environment_variables() {
    let declared = |file: &str| -> BTreeSet<String> {
        let source = read(file);
        let constants = source.split("_VARIABLE: &str = \"").skip(1);
        let names = constants.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
        names.collect()
    };
    let of_client = declared("crates/hoopai-runtime/src/client/builder.rs");
    let of_store = declared("crates/hoopai/src/configured_store.rs");
    let of_limits = declared("crates/hoopai/src/configured_limiter.rs");
    assert!(of_client.len() > 2 && of_store.len() > 3 && of_limits.len() > 2);
    let settings = page("settings");
    let shown = names(sections(&settings)["Environment variables"], "variable");
    assert_eq!(
        shown,
        of_client
            .iter()
            .chain(&of_store)
            .chain(&of_limits)
            .cloned()
            .collect()
    );
    let chapter = page("several-machines");
    let shown = names(sections(&chapter)["Environment variables"], "variable");
    assert_eq!(shown, of_store);
}

#[test]
fn settings_page_lists_the_setters_of_stores_on_a_server() {
    let page = page("settings");
    let rows = rows(sections(&page)["Token stores on a server"], "setting");
    for (store, api, name) in [
        (
            "PostgreSQL",
            "hoopai-postgres",
            "hoopai_postgres::PostgresStore",
        ),
        ("Redis", "hoopai-redis", "hoopai_redis::RedisStore"),
    ] {
        let api = read(&format!("crates/{api}/public-api.txt"));
        let rows = rows.iter().filter(|row| ["both", store].contains(&row[1]));
        let shown: BTreeSet<String> = rows.map(|row| code(row[0])).collect();
        assert_eq!(shown, setters(&api, name), "{name}");
    }
}

#[test]
fn error_kinds_page_lists_every_kind() {
    let page = page("error-kinds");
    let sections = sections(&page);
    let [runtime, auth] = ["hoopai-runtime", "hoopai-auth"]
        .map(|name| read(&format!("crates/{name}/public-api.txt")));
    for (name, api, path) in [
        ("ErrorKind", &runtime, "hoopai_runtime::error"),
        ("ApiErrorKind", &runtime, "hoopai_runtime::error"),
        ("AuthErrorKind", &runtime, "hoopai_runtime::error"),
        ("PagingErrorKind", &runtime, "hoopai_runtime::error"),
        ("StoreErrorKind", &auth, "hoopai_auth"),
    ] {
        let declared = variants(api, &format!("{path}::{name}"));
        assert!(declared.len() > 4, "{name}: {declared:?}");
        assert_eq!(names(sections[name], "kind"), declared, "{name}");
        for row in rows(sections[name], "kind") {
            assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        }
    }
    let api_kinds = ApiErrorKind::ALL.iter().map(|kind| format!("{kind:?}"));
    let of_api: BTreeSet<String> = api_kinds.collect();
    assert_eq!(names(sections["ApiErrorKind"], "kind"), of_api);
}

/// The features of a manifest.
fn features(manifest: &str) -> BTreeSet<String> {
    let text = read(manifest);
    let Some((_, section)) = text.split_once("\n[features]\n") else {
        return BTreeSet::new();
    };
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| Some(line.split_once(" = [")?.0.to_owned()));
    names.collect()
}

#[test]
fn features_page_lists_the_features_of_all_manifests() {
    let page = page("features");
    let sections = sections(&page);
    for name in [
        "hoopai",
        "hoopai-runtime",
        "hoopai-auth",
        "hoopai-postgres",
        "hoopai-redis",
        "hoopai-webhooks",
        "hoopai-mock",
    ] {
        let declared = features(&format!("crates/{name}/Cargo.toml"));
        assert_eq!(names(sections[name], "feature"), declared, "{name}");
        let is_without = sections[name].trim() == "No features.";
        assert_eq!(is_without, declared.is_empty(), "{name}");
    }
    let shown = names(sections["Module crates"], "feature");
    let modules = fs::read_dir(root().join("crates/api")).expect("crates/api");
    for module in modules {
        let name = module.expect("an entry").file_name();
        let name = name.into_string().expect("a name");
        let declared = features(&format!("crates/api/{name}/Cargo.toml"));
        assert_eq!(shown, declared, "{name}");
    }
}

/// The files below a folder whose name has this ending.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

#[test]
fn overlay_page_lists_every_extension() {
    let mut sources = Vec::new();
    for (folder, ending) in [
        ("codegen/src", ".rs"),
        ("xtask/src", ".rs"),
        ("specs", "overlay.yaml"),
    ] {
        files(&root().join(folder), ending, &mut sources);
    }
    let mut used = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(&source).expect("text");
        for rest in text.split("x-hoopai-").skip(1) {
            let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            // `x-hoopai-…` and a prefix in quotes are no extensions.
            if end > 0 {
                used.insert(format!("x-hoopai-{}", &rest[..end]));
            }
        }
    }
    let page = page("overlay-extensions");
    let listed = rows(&page, "extension").into_iter().map(|row| code(row[0]));
    assert_eq!(listed.collect::<BTreeSet<_>>(), used);
}

/// The string literals in a text.
fn literals(text: &str) -> BTreeSet<String> {
    text.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn overlay_page_lists_the_keys_of_paging_rules() {
    let source = read("codegen/src/paging/declaration.rs");
    // `entries(value, &["key", …], …)` rejects other keys.
    let lists = source.split("entries(").skip(1).filter_map(|call| {
        let (arguments, rest) = call.split_once("&[")?;
        (!arguments.contains(';')).then_some(literals(rest.split_once(']')?.0))
    });
    let lists: Vec<BTreeSet<String>> = lists.filter(|keys| !keys.is_empty()).collect();
    let page = page("overlay-extensions");
    let paging = sections(&page)["x-hoopai-paging"];
    let rows = rows(paging, "object");
    let of = |object: &str| -> BTreeSet<String> {
        let rows = rows.iter().filter(|row| code(row[0]) == object);
        rows.map(|row| code(row[1])).collect()
    };
    assert_eq!(lists, [names(paging, "key"), of("size"), of("page")]);
}

#[test]
fn overlay_page_lists_every_format() {
    let source = read("codegen/src/formats.rs");
    let constants = source.split(": &str = ").skip(1);
    let texts = constants.filter_map(|rest| literals(rest.lines().next()?).pop_first());
    let mut declared: BTreeSet<String> = texts.filter(|text| !text.starts_with("x-")).collect();
    // Formats that the table spells itself.
    let (_, table) = source.split_once("const FORMATS").expect("the table");
    let (table, _) = table.split_once("];").expect("its end");
    let types = ["", "integer", "number", "string"];
    declared.extend(
        literals(table)
            .into_iter()
            .filter(|text| !types.contains(&text.as_str())),
    );
    let page = page("overlay-extensions");
    assert_eq!(names(sections(&page)["Formats"], "format"), declared);
}

/// Each message on the page, sent by a server under the status of the heading, is an error of the
/// kind beside it.
#[tokio::test]
async fn messages_on_the_troubleshooting_page_have_the_kinds_beside_them() {
    let page = page("troubleshooting");
    let mut checked = 0;
    for (heading, text) in sections(&page) {
        for row in rows(text, "message") {
            let status: u16 = heading[..3].parse().expect("a status in the heading");
            let body = json!({ "statusCode": status, "message": code(row[0]) });
            let server = Server::with_reply(Reply::json(status, body.to_string()));
            let client = Client::builder()
                .private_token("pit-secret")
                .base_url(&server.url)
                .limits(RateLimitSettings::unlimited())
                .retry(hoopai::retry::NoRetry)
                .build()
                .unwrap();
            let call = client.request(Method::GET, "/contacts/x");
            let error = call.send().await.unwrap_err();
            let kind = error.api_error_kind().map(|kind| format!("{kind:?}"));
            assert_eq!(kind, Some(code(row[1])), "{heading}: {}", row[0]);
            checked += 1;
        }
    }
    assert!(checked > 15, "{checked} messages");
}
