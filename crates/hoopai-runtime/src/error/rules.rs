//! The rules that classify error replies.
//!
//! The first matching rule decides. Rules with words precede rules that depend on the status alone.
//! A rule whose words are contained in those of another follows it (`version header was not found`
//! is not about an object that was not found).
//!
//! To add a wording, add a pattern to a rule of its kind, and the message to the table in the
//! tests.

use super::api_error_body::{ApiErrorBody, BodyShape};
use super::api_error_kind::ApiErrorKind as Kind;
use super::words::{holds, words};

/// A rule. An empty list matches everything.
struct Rule {
    /// Ranges of statuses, ends included.
    statuses: &'static [(u16, u16)],
    /// The body is an HTML page.
    page: bool,
    /// One message must match a pattern of each list.
    messages: &'static [&'static [&'static str]],
    /// A message that matches one of these does not count, and then no code counts either.
    unless: &'static [&'static str],
    /// Alternatively, a code must match a pattern of this list.
    codes: &'static [&'static str],
    /// Field errors count as messages, preceded by the field's name.
    fields: bool,
    kind: Kind,
}

/// The number of messages, and of field errors, that are read.
const MAX_READ_MESSAGES: usize = 50;

/// Statuses of requests that were rejected.
const REJECTED: &[(u16, u16)] = &[(400, 499)];

/// Statuses that usually concern the token.
const DENIED: &[(u16, u16)] = &[(401, 401), (403, 403)];

/// Statuses of requests that are usually invalid.
const INVALID: &[(u16, u16)] = &[(400, 400), (422, 422)];

/// Objects of the platform. A 500 is classified by its message only if that names one.
const OBJECTS: &[&str] = &[
    "agent|appointment|association|block|blog|business|calendar|campaign|category|collection|company|contact|conversation",
    "coupon|document|estimate|event|field|folder|form|funnel|group|integration|invoice|link|list|location|media|member|menu",
    "message|msg|note|notification|number|object|opportunity|order|page|pipeline|post|price|product|provider|record|relation",
    "resource|review|schedule|schema|shipping|slot|snapshot|stage|store|subscription|survey|tag|task|template|tenant",
    "transaction|user|value|workflow|zone",
];

/// Patterns of messages about an object that does not exist.
const ABSENT: &[&str] = &[
    "not found",
    "not be found|located",
    "not been found|located",
    "not located",
    "no * found",
    "cannot|cant|couldnt find|locate",
    "can|could|did not find|locate",
    "unable|failed to find|locate",
    "does|do|did not exist|exists",
    "doesnt|dont|didnt exist|exists",
    "not exist|exists|existing",
    "no * exist|exists",
    "not match any",
    "nonexistent|inexistent",
    "non existent|existing",
    "no such",
    "nothing found",
    "id * not present",
    "no matching",
    "no * with * id|ids",
    "is|was|been|already deleted",
    "unknown contact|user|id|message|conversation|calendar|opportunity|invoice|product|object|record|resource|location",
];

const RULES: &[Rule] = &[
    Rule::new(Kind::Redirect, &[(300, 399)]),
    // The platform answers with JSON, so a page is from a proxy, the edge or another server.
    Rule::new(Kind::Blocked, &[(401, 401), (403, 403), (407, 407)]).page(),
    Rule::new(Kind::UnknownPath, &[(404, 405), (410, 410)]).page(),
    Rule::new(Kind::RateLimited, &[(429, 429)]),
    Rule::new(Kind::RateLimited, REJECTED).messages(&[&[
        "too many requests",
        "throttler exception",
        "rate|request|requests|call|calls|api limit exceeded|reached",
        "rate limited",
    ]]),
    Rule::new(Kind::InvalidVersion, REJECTED).messages(&[&[
        "version header|headers",
        "header version",
        "api version * invalid|unknown|unsupported|missing|required",
        "api version * not found|supported|valid|recognized",
        "invalid|unknown|unsupported|missing api version",
    ]]),
    Rule::new(Kind::EndpointRemoved, REJECTED).messages(&[&[
        "endpoint|api|route|operation * removed|retired|sunset|deprecated",
        "removed in * version",
        "not available|supported in * version",
        "not available|supported in v2|v3",
        "endpoint|api|route|operation * no longer supported|available|exists",
    ]]),
    Rule::new(Kind::UnknownPath, REJECTED)
        .messages(&[&[
            "cannot get|post|put|patch|delete|head|options /",
            "route|endpoint|path * not found|exist",
            "route|endpoint|path doesnt exist",
            "no route",
            "no such route|endpoint|path",
            "unknown|invalid|unrecognized route|endpoint|path",
            "method not allowed",
        ]])
        .unless(&["file|image|media|avatar * path", "scope"]),
    Rule::new(Kind::LocationInactive, REJECTED).messages(&[&[
        "location|company|agency|subaccount * not active|activated",
        "location|company|agency|subaccount * inactive|deactivated|suspended",
        "location|company|agency|subaccount is|was paused|disabled|cancelled|canceled",
        "location|company|agency|subaccount * isnt active",
        "sub account * not active|activated",
        "sub account * inactive|deactivated|suspended|paused|disabled|cancelled|canceled",
        "inactive|suspended|disabled location|company|agency",
    ]]),
    Rule::new(Kind::InvalidGrant, &[(400, 403)])
        .messages(&[
            &["refresh token", "authorization|auth code"],
            &["invalid|expired|revoked|used", "not found|valid"],
        ])
        .unless(&["missing", "not active"]),
    Rule::new(Kind::InvalidGrant, &[(400, 403)])
        .messages(&[&["invalid grant"]])
        .unless(&["grant type", "not active"])
        .codes(&["invalid grant"]),
    Rule::new(Kind::WrongTokenKind, DENIED).messages(&[&[
        "auth class",
        "authclass",
        "class type",
        "user|token type mismatch",
        "token class|kind|type * not allowed|supported|accepted|permitted|valid",
        "private integration * not allowed|supported|accepted|permitted",
    ]]),
    Rule::new(Kind::WrongTokenKind, DENIED)
        .messages(&[&[
            "agency|company|location|subaccount|account token|tokens",
            "agency|company|location|subaccount|account level|access token|tokens",
            "agency|company|location|subaccount level|only",
        ]])
        .unless(&["invalid|expired|revoked|malformed|mismatch"]),
    Rule::new(Kind::MissingScope, DENIED)
        .messages(&[&["scope|scopes"]])
        .codes(&["insufficient scope", "invalid scope"]),
    Rule::new(Kind::RouteNotSupported, DENIED).messages(&[&[
        "iam service|config|configuration",
        "route * not * supported|allowed|enabled|configured",
    ]]),
    Rule::new(
        Kind::PageSizeTooLarge,
        &[(400, 400), (403, 403), (422, 422)],
    )
    .messages(&[
        &[
            "limit must|should|can|cannot|may|is|was|value|number|parameter|exceeds",
            "limit greater|more|larger|higher|bigger|too",
            "page size|length",
            "per page",
            "maximum|max|maximal * limit",
            "maximum|max * records|items|results",
        ],
        &[
            "greater|more|larger|higher|bigger than",
            "not be above|over",
            "less|lower|smaller|fewer than or equal",
            "exceed|exceeds|exceeded|exceeding",
            "between",
            "at most",
            "up to",
            "maximum|max|maximal",
            "too large|high|big",
        ],
    ])
    .unless(&[
        "rate|credit|character|file|upload|storage|plan|usage|daily|monthly limit",
        "file|upload|image|attachment size",
        "less|lower|smaller|fewer than 0|1",
        "must|should be greater|more|larger|higher than",
    ])
    .fields(),
    // Rules about duplicates within lists and sets of a body.
    Rule::new(Kind::Validation, INVALID).messages(&[&[
        "must|should not contain * duplicate|duplicates|duplicated",
        "must|should be unique",
    ]]),
    Rule::new(
        Kind::Duplicate,
        &[(400, 400), (403, 403), (409, 409), (422, 422), (500, 500)],
    )
    .messages(&[&[
        "duplicate|duplicates|duplicated",
        "already exist|exists|existed|existing|taken|registered",
        "already in use",
        "exists already",
        "e11000",
        "unique constraint",
    ]])
    .codes(&["duplicate", "already exists", "e11000"])
    .fields(),
    Rule::new(Kind::InvalidToken, DENIED).messages(&[&["private integration"]]),
    Rule::new(Kind::WrongLocation, REJECTED).messages(&[&[
        "location|locations|subaccount|company|agency * not accessible",
        "sub account * not accessible",
        "not have * access to * location|locations|subaccount|company|agency",
        "no access to * location|locations|subaccount|company|agency",
        "not belong|belongs to * location|subaccount|company|agency",
        "location|company|agency|subaccount mismatch",
    ]]),
    // The description of `invalid_token` in RFC 6750.
    Rule::new(Kind::ExpiredToken, &[(401, 401)]).messages(&[&["token * expired revoked"]]),
    Rule::new(Kind::ExpiredToken, &[(401, 401)])
        .messages(&[
            &["jwt|token|session"],
            &[
                "jwt|expired",
                "invalid token",
                "invalid access|bearer|auth|authentication|authorization token",
                "token is|was invalid",
                "token is|was|has not valid",
                "token is no longer valid",
            ],
        ])
        .unless(&[
            "missing|malformed|required|provided|present|absent|revoked",
            "jwt|token not found",
            "no jwt|token|authorization",
        ]),
    Rule::new(Kind::InvalidToken, DENIED)
        .messages(&[
            &[
                "jwt|token|header|credential|credentials|authorization|authentication",
                "api key",
            ],
            &[
                "not found|present|provided|set|exist",
                "no * found|provided|present",
                "missing|required|revoked|malformed|absent|invalid|expired",
            ],
        ])
        .unless(&["location|locations"]),
    Rule::new(Kind::WrongLocation, DENIED).messages(&[
        &[
            "location|locations|subaccount|company|agency",
            "sub account",
        ],
        &[
            "access|accessible|allowed|permitted|permission|permissions|forbidden|denied",
            "authorized|authorised",
        ],
    ]),
    Rule::new(Kind::Forbidden, DENIED)
        .messages(&[&[
            "permission|permissions",
            "not allowed|permitted",
            "not authorized|authorised to",
            "access denied",
            "forbidden",
        ]])
        .codes(&["no access", "access denied", "permission denied"]),
    Rule::new(Kind::NotFound, REJECTED)
        .messages(&[ABSENT])
        .unless(&["should|must|may|can not exist"])
        .codes(&["not found|exist", "no such", "resource missing"]),
    Rule::new(Kind::NotFound, &[(500, 500)])
        .messages(&[OBJECTS, ABSENT])
        .unless(&[
            "should|must not exist",
            "host|dns|getaddrinfo|enotfound|module|upstream|handler",
        ]),
    Rule::new(Kind::NotFound, &[(500, 500)]).codes(&["not found"]),
    Rule::new(Kind::WrongLocation, DENIED).messages(&[&[
        "location|locations|subaccount|company|agency",
        "sub account",
    ]]),
    // Invalid input that the platform answers with 500.
    Rule::new(Kind::Validation, &[(500, 500)]).messages(&[&[
        "validation failed|error",
        "cast to * failed",
        "argument passed in must be",
    ]]),
    Rule::new(Kind::InvalidToken, &[(401, 401), (407, 407)]),
    Rule::new(Kind::Forbidden, &[(403, 403)]),
    Rule::new(Kind::NotFound, &[(404, 404), (410, 410)]),
    Rule::new(Kind::UnknownPath, &[(405, 405)]),
    Rule::new(Kind::Conflict, &[(409, 409)]),
    Rule::new(Kind::RequestTooLarge, &[(413, 414), (431, 431)]),
    Rule::new(
        Kind::Validation,
        &[
            (400, 400),
            (406, 406),
            (411, 412),
            (415, 417),
            (422, 422),
            (428, 428),
        ],
    ),
    Rule::new(Kind::Internal, &[(500, 500)]),
    Rule::new(Kind::Unavailable, &[(408, 408), (502, 504), (520, 530)]),
    Rule::new(Kind::ServerError, &[(500, 599)]),
];

/// The kind of a reply. The status in the body also counts if the HTTP status is general (400, 500)
/// and that of the body is specific.
pub(super) fn classify(status: u16, reply: &ApiErrorBody) -> Kind {
    let statuses = match reply.status {
        Some(own @ 401..=499) if status == 400 => [status, own],
        // With 500 fewer statuses count, so that no token is discarded for it.
        Some(own @ (404 | 422)) if status == 500 => [status, own],
        _ => [status, status],
    };
    let codes: Vec<String> = reply.codes.iter().map(|code| words(code)).collect();
    // A message can hold several, separated by semicolons.
    let mut messages: Vec<String> = reply
        .messages
        .iter()
        .take(MAX_READ_MESSAGES)
        .flat_map(|message| message.split(';').take(MAX_READ_MESSAGES))
        .map(words)
        .collect();
    let without_fields = messages.len();
    for error in reply.fields.iter().take(MAX_READ_MESSAGES) {
        messages.push(words(&format!("{} {}", error.field, error.message)));
    }
    let matching = RULES.iter().find(|rule| {
        let messages = if rule.fields {
            &messages
        } else {
            &messages[..without_fields]
        };
        rule.matches(&statuses, reply.shape, &codes, messages)
    });
    matching.map_or(Kind::Other, |rule| rule.kind)
}

impl Rule {
    const fn new(kind: Kind, statuses: &'static [(u16, u16)]) -> Self {
        Self {
            statuses,
            page: false,
            messages: &[],
            unless: &[],
            codes: &[],
            fields: false,
            kind,
        }
    }

    const fn page(self) -> Self {
        Self { page: true, ..self }
    }

    const fn messages(self, messages: &'static [&'static [&'static str]]) -> Self {
        Self { messages, ..self }
    }

    const fn unless(self, unless: &'static [&'static str]) -> Self {
        Self { unless, ..self }
    }

    const fn codes(self, codes: &'static [&'static str]) -> Self {
        Self { codes, ..self }
    }

    const fn fields(self) -> Self {
        Self {
            fields: true,
            ..self
        }
    }

    fn matches(
        &self,
        statuses: &[u16],
        shape: BodyShape,
        codes: &[String],
        messages: &[String],
    ) -> bool {
        if !self.has_status(statuses) || self.page && shape != BodyShape::Html {
            return false;
        }
        if self.messages.is_empty() && self.codes.is_empty() {
            return true;
        }
        let mut has_excluded = false;
        for message in messages {
            if holds(message, self.unless) {
                has_excluded = true;
            } else if self.has_message(message) {
                return true;
            }
        }
        !has_excluded && codes.iter().any(|code| holds(code, self.codes))
    }

    fn has_status(&self, statuses: &[u16]) -> bool {
        let in_range = |status| {
            let mut ranges = self.statuses.iter();
            ranges.any(|(first, last)| (first..=last).contains(&status))
        };
        statuses.iter().any(in_range)
    }

    fn has_message(&self, message: &str) -> bool {
        let mut lists = self.messages.iter();
        !self.messages.is_empty() && lists.all(|patterns| holds(message, patterns))
    }
}

#[cfg(test)]
mod tests;
