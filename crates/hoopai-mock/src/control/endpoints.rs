//! The operations of the control interface, as data.

use super::endpoint::{Action, Endpoint, endpoint};
use super::field::{Field, Kind};
use super::{clock, faults, journal, limits, seed, sessions, state, tokens, webhooks};

const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field {
        name,
        kind,
        required: false,
        about,
    }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field {
        name,
        kind,
        required: true,
        about,
    }
}

const LIMITS: &[Field] = &[
    optional("burst", Kind::Count, "the number of requests in any window"),
    optional("windowSeconds", Kind::Seconds, "the length of the window"),
    optional("daily", Kind::Count, "the number of requests in a day"),
    optional(
        "tokenEndpoint",
        Kind::Count,
        "the number of requests to the token endpoint in any minute",
    ),
    optional(
        "retryAfter",
        Kind::Boolean,
        "whether a 429 carries `Retry-After`",
    ),
    optional(
        "reset",
        Kind::Boolean,
        "whether replies carry `X-RateLimit-Reset`",
    ),
];

const OF_TOKEN: &[Field] = &[required(
    "token",
    Kind::Text,
    "the value of a private, access or refresh token",
)];

const WAIT: &[Field] = &[
    required("count", Kind::Count, "the number to wait for"),
    optional(
        "timeoutSeconds",
        Kind::Seconds,
        "the longest real time to wait, at most 60 seconds; the default is 10",
    ),
];

/// All operations.
pub(super) const ENDPOINTS: &[Endpoint] = &[
    endpoint(
        ("GET", "/openapi.json"),
        "getDocument",
        "Returns this document.",
        "an OpenAPI 3.0 document",
        Action::Document,
    ),
    endpoint(
        ("GET", "/status"),
        "getStatus",
        "Returns version, clock and numbers of the session.",
        "`version`, `requests`, `pendingDeliveries` and `sessions`",
        Action::Now(sessions::status),
    ),
    endpoint(
        ("POST", "/reset"),
        "reset",
        "Returns the session to its initial state: items, tokens, limits, faults, webhooks, journal \
         and clock. Seeds of the program are applied again.",
        "an empty object",
        Action::Now(sessions::reset),
    ),
    endpoint(
        ("GET", "/sessions"),
        "listSessions",
        "Lists the named sessions.",
        "`sessions` with `name` and `requests`, and `limit`",
        Action::Now(sessions::list),
    ),
    endpoint(
        ("DELETE", "/sessions"),
        "removeSessions",
        "Removes all named sessions.",
        "`removed`: their number",
        Action::Now(sessions::clear),
    ),
    endpoint(
        ("DELETE", "/sessions/{name}"),
        "removeSession",
        "Removes a named session.",
        "an empty object",
        Action::Now(sessions::remove),
    ),
    endpoint(
        ("POST", "/seed"),
        "seed",
        "Adds the content of a seed file: `items`, `tokens`, `faults`, `limits` and \
         `subscriptions`. If a part is wrong, the parts before it stay.",
        "`ids`: for each entry of `items` the ids of its items",
        Action::Now(seed::post),
    )
    .any_body(),
    endpoint(
        ("GET", "/collections"),
        "listCollections",
        "Lists the names of the collections that can be seeded and read.",
        "`collections`",
        Action::Now(state::collections),
    ),
    endpoint(
        ("GET", "/state"),
        "getState",
        "Counts the stored items.",
        "`collections` with `collection`, `scope` (the id of a location or agency) and `count`",
        Action::Now(state::counts),
    ),
    endpoint(
        ("GET", "/state/{collection}"),
        "listItems",
        "Returns the newest items of a collection.",
        "`items`",
        Action::Now(state::items),
    )
    .query(&[
        optional(
            "scope",
            Kind::Text,
            "the id of a location or agency; the default is the default location",
        ),
        optional(
            "limit",
            Kind::Count,
            "the largest number of items, at most 1000",
        ),
    ]),
    endpoint(
        ("GET", "/clock"),
        "getClock",
        "Returns the time of the session.",
        "`seconds` since the start, `unixMilliseconds`, `time` and `frozen`",
        Action::Now(clock::get),
    ),
    endpoint(
        ("POST", "/clock/advance"),
        "advanceClock",
        "Moves the clock ahead.",
        "the clock, as `GET` returns it",
        Action::Now(clock::advance),
    )
    .body(&[required("seconds", Kind::Seconds, "the time to add")]),
    endpoint(
        ("GET", "/journal"),
        "listRequests",
        "Returns the requests that the session received, oldest first, with secrets masked.",
        "`entries`, and `count`: the number of all requests",
        Action::Now(journal::list),
    )
    .query(&[
        optional(
            "operations",
            Kind::Text,
            "a pattern of operations, such as contacts.* or POST /contacts/",
        ),
        optional("method", Kind::Text, "a method"),
        optional("path", Kind::Text, "a path as received"),
        optional("status", Kind::Count, "the status of the reply"),
        optional(
            "outcome",
            Kind::Text,
            "an outcome, such as processed or refused",
        ),
        optional("from", Kind::Count, "the number of the first request"),
        optional(
            "last",
            Kind::Count,
            "the largest number of entries; the newest are returned",
        ),
    ]),
    endpoint(
        ("DELETE", "/journal"),
        "clearJournal",
        "Removes all entries.",
        "an empty object",
        Action::Now(journal::clear),
    ),
    endpoint(
        ("GET", "/journal/wait"),
        "waitForRequests",
        "Waits until this number of requests has ended.",
        "`reached`: whether it has, and `count`",
        Action::WaitForRequests,
    )
    .query(WAIT),
    endpoint(
        ("GET", "/journal/duplicates"),
        "listDuplicates",
        "Returns the writes that were processed more than once.",
        "`duplicates` with `operation`, `method`, `path` and `numbers`",
        Action::Now(journal::duplicates),
    ),
    endpoint(
        ("GET", "/journal/most-in-window"),
        "getMostInWindow",
        "Returns the largest number of requests of one app and account in any window.",
        "`requests`",
        Action::Now(journal::most_in_window),
    )
    .query(&[required(
        "seconds",
        Kind::Seconds,
        "the length of the window",
    )]),
    endpoint(
        ("GET", "/faults"),
        "listFaults",
        "Lists the rules of faults in the order in which they apply.",
        "`faults` with `id`, `rule`, `enabled` and `hits`",
        Action::Now(faults::list),
    ),
    endpoint(
        ("POST", "/faults"),
        "addFault",
        "Adds a rule: a text such as \"503,on=contacts.*,times=2\", or an object with `fault`, the \
         options of the text, and `headers`.",
        "`id` and `rule`",
        Action::Now(faults::add),
    )
    .any_body(),
    endpoint(
        ("DELETE", "/faults"),
        "clearFaults",
        "Removes all rules.",
        "an empty object",
        Action::Now(faults::clear),
    ),
    endpoint(
        ("PATCH", "/faults/{id}"),
        "changeFault",
        "Enables or disables a rule, which keeps its counts.",
        "an empty object",
        Action::Now(faults::change),
    )
    .body(&[required(
        "enabled",
        Kind::Boolean,
        "whether the rule applies",
    )]),
    endpoint(
        ("DELETE", "/faults/{id}"),
        "removeFault",
        "Removes a rule.",
        "an empty object",
        Action::Now(faults::remove),
    ),
    endpoint(
        ("GET", "/limits"),
        "getLimits",
        "Returns the rate limits.",
        "the limits",
        Action::Now(limits::get),
    ),
    endpoint(
        ("PATCH", "/limits"),
        "changeLimits",
        "Changes rate limits; those that are not named stay. Accepted requests stay counted.",
        "the limits",
        Action::Now(limits::change),
    )
    .body(LIMITS),
    endpoint(
        ("POST", "/tokens"),
        "issueToken",
        "Issues a token for one of `location`, `company` and `everything`.",
        "`token`; with the kind `pair` also `refreshToken`; with the kind `code` the `code`",
        Action::Now(tokens::issue),
    )
    .body(&[
        optional("location", Kind::Text, "the id of a location"),
        optional("company", Kind::Text, "the id of an agency"),
        optional(
            "everything",
            Kind::Boolean,
            "whether the token is valid for all operations, locations and agencies",
        ),
        optional(
            "kind",
            Kind::Text,
            "one of access (the default), private, pair and code",
        ),
        optional("scopes", Kind::Texts, "the scopes; the default is all"),
        optional("token", Kind::Text, "the value of a private token"),
        optional("clientId", Kind::Text, "the app of a code or a pair"),
    ]),
    endpoint(
        ("POST", "/tokens/revoke"),
        "revokeToken",
        "Revokes a token.",
        "an empty object",
        Action::Now(tokens::revoke),
    )
    .body(OF_TOKEN),
    endpoint(
        ("POST", "/tokens/expire"),
        "expireToken",
        "Expires a token.",
        "an empty object",
        Action::Now(tokens::expire),
    )
    .body(OF_TOKEN),
    endpoint(
        ("GET", "/tokens/refreshes"),
        "countRefreshes",
        "Counts the refreshes of tokens.",
        "`total`, `succeeded`, `inFlight`, `mostAtOnce` and `mostAtOnceForOne`",
        Action::Now(tokens::refreshes),
    ),
    endpoint(
        ("POST", "/installations"),
        "install",
        "Installs an app in a location.",
        "an empty object",
        Action::Now(tokens::install),
    )
    .body(&[
        required("location", Kind::Text, "the id of the location"),
        optional("clientId", Kind::Text, "the app; the default is the first"),
        optional("company", Kind::Text, "the agency of the location"),
        optional("name", Kind::Text, "the name of the location"),
        optional("address", Kind::Text, "the address of the location"),
        optional(
            "onTrial",
            Kind::Boolean,
            "whether the location is on a trial",
        ),
        optional("planId", Kind::Text, "the plan of the location"),
        optional("versionId", Kind::Text, "the version of the app"),
    ]),
    endpoint(
        ("DELETE", "/installations/{location}"),
        "uninstall",
        "Removes an app from a location, and revokes its tokens for the location.",
        "an empty object",
        Action::Now(tokens::uninstall),
    )
    .query(&[optional(
        "clientId",
        Kind::Text,
        "the app; the default is the first",
    )]),
    endpoint(
        ("PATCH", "/locations/{location}"),
        "changeLocation",
        "Activates or deactivates a location.",
        "an empty object",
        Action::Now(tokens::change_location),
    )
    .body(&[required(
        "active",
        Kind::Boolean,
        "whether the location is active",
    )]),
    endpoint(
        ("PUT", "/choice"),
        "setChoice",
        "Sets the account that users choose when they install an app: `location` or `company`.",
        "an empty object",
        Action::Now(tokens::set_choice),
    )
    .body(&[
        optional("location", Kind::Text, "the id of a location"),
        optional("company", Kind::Text, "the id of an agency"),
    ]),
    endpoint(
        ("GET", "/webhooks"),
        "getWebhooks",
        "Returns settings and subscriptions.",
        "`publicKey`, `signature`, `duplicates`, `reordering`, `pending` and `subscriptions`",
        Action::Now(webhooks::get),
    ),
    endpoint(
        ("PATCH", "/webhooks"),
        "changeWebhooks",
        "Changes settings; those that are not named stay.",
        "settings and subscriptions",
        Action::Now(webhooks::change),
    )
    .body(&[
        optional(
            "signature",
            Kind::Text,
            "one of valid, other-body, other-key, truncated, not-available and missing",
        ),
        optional(
            "duplicates",
            Kind::Count,
            "how many more times each new event is delivered",
        ),
        optional(
            "reordering",
            Kind::Boolean,
            "whether waiting deliveries are sent in random order",
        ),
    ]),
    endpoint(
        ("POST", "/webhooks/subscriptions"),
        "subscribe",
        "Sends events to a URL of this machine from now on.",
        "`id`",
        Action::Now(webhooks::subscribe),
    )
    .body(&[
        required(
            "url",
            Kind::Text,
            "an http URL of this machine, such as http://127.0.0.1:3000/webhooks",
        ),
        optional(
            "events",
            Kind::Texts,
            "the names of events; the default is all",
        ),
    ]),
    endpoint(
        ("DELETE", "/webhooks/subscriptions/{id}"),
        "unsubscribe",
        "Removes a subscription, and the deliveries that wait.",
        "an empty object",
        Action::Now(webhooks::unsubscribe),
    ),
    endpoint(
        ("POST", "/webhooks/events"),
        "triggerEvent",
        "Sends an event with these fields, or a body as it is.",
        "`webhookId`",
        Action::Now(webhooks::trigger),
    )
    .body(&[
        optional(
            "event",
            Kind::Text,
            "the name of an event, such as ContactCreate",
        ),
        optional("fields", Kind::Object, "the fields of the event"),
        optional(
            "body",
            Kind::Any,
            "a body to send as it is: a text, or JSON",
        ),
    ]),
    endpoint(
        ("POST", "/webhooks/events/{webhookId}/resend"),
        "resendEvent",
        "Sends the stored body of an event again.",
        "an empty object",
        Action::Now(webhooks::resend),
    ),
    endpoint(
        ("GET", "/webhooks/attempts"),
        "listAttempts",
        "Returns the attempts to deliver events that ended, oldest first.",
        "`attempts`",
        Action::Now(webhooks::attempts),
    )
    .query(&[optional(
        "last",
        Kind::Count,
        "the largest number of attempts; the newest are returned",
    )]),
    endpoint(
        ("GET", "/webhooks/wait"),
        "waitForDeliveries",
        "Waits until this number of attempts has ended.",
        "`reached`: whether it has, and `count`",
        Action::WaitForDeliveries,
    )
    .query(WAIT),
];
