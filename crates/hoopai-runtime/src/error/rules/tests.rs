//! Messages of the platform, and similar ones, with their kinds.

use reqwest::header::HeaderMap;
use serde_json::json;

use super::super::api_error_body::ApiErrorBody;
use super::{Kind, RULES, classify};

fn class(status: u16, body: &str) -> Kind {
    classify(
        status,
        &ApiErrorBody::parse(&HeaderMap::new(), body.as_bytes(), false),
    )
}

/// Messages by kind, each after all statuses that it can have.
const MESSAGES: &[(Kind, &[&str])] = &[
    (
        Kind::NotFound,
        &[
            "400 401 403 404 422 500: Contact not found",
            "400 401 404: The user does not exist.",
            "400 401: User doesn't exist",
            "400 401: The opportunity doesn’t exist.",
            "400: Contact not found for id:Hk7dD1fI4gZ1lS1kO8qQ",
            "400: Contact with id Hk7dD1fI4gZ1lS1kO8qQ not found",
            "400: No Agent found for the id: Hk7dD1fI4gZ1lS1kO8qQ",
            "400 404: No such calendar",
            "400 422: Could not find the pipeline",
            "400 500: Unable to find invoice",
            "400: Cannot find contact c1",
            "400: The message could not be found.",
            "400: Order was not found in this location",
            "403 404: Location not found",
            "404: The location does not exist",
            "400: The contact no longer exists",
            "400: Contact has been deleted",
            "400: There is no contact with this id",
            "400: CONTACT NOT FOUND!",
            "400: No contact exists with that id",
            "400: The id did not match any record",
            "410: Gone",
            "400: Opportunity with the given id is not present",
            "400: Nothing found",
            "401: No location found for this token",
        ],
    ),
    (
        Kind::EndpointRemoved,
        &[
            "400: This endpoint is not supported in v3",
            "400: API endpoint has been removed",
            "400: Endpoint /oauth/installedLocations?limit=100 not available in API version v3. This endpoint was removed in version v3. Please use a version before v3.",
        ],
    ),
    (
        Kind::WrongTokenKind,
        &[
            "401 403: Token's user type mismatch!",
            "401 403: This AuthClass is not yet supported",
            "401 403: Token's user class type invalid",
            "401 403: This authClass type is not allowed to access this scope. Please verify your IAM configuration if this is not the case.",
            "401 403: Please use a location level token",
            "401 403: This endpoint requires an agency token.",
            "401 403: Private integration tokens are not allowed",
        ],
    ),
    (
        Kind::WrongLocation,
        &[
            "401: This location is not accessible from this token!",
            "401 403: This location is not accessible from this token.",
            "400 401 403: Forbidden: the token does not have access to this location.",
            "401 403: Not authorized for location Lq3Tz8Wn5Rk1Yb6Hd0Vx",
            "401 403: You do not have permission to access this location",
            "403: locationId does not match the token",
            "400 403: The contact does not belong to this location",
        ],
    ),
    (
        Kind::PageSizeTooLarge,
        &[
            "400 422: limit must not be greater than 100; offset must not be less than 0",
            "400 403 422: limit: Number must be less than or equal to 100",
            "400 403 422: limit must not be greater than 100",
            "422: pageLimit must not be greater than 500",
            "400: \"pageSize\" must be less than or equal to 1000",
            "400: Limit cannot exceed 100",
            "400 403: The maximum limit is 100",
        ],
    ),
    (
        Kind::Validation,
        &[
            "422: There is no message or attachments",
            "400 422: property notFound should not exist",
            "400 422: property locationId should not exist",
            "422: property foundBy must not exist",
            "400: Invalid field additional_phones",
            "400: A contact in use cannot be deleted",
            "400: Unknown error while updating contact",
            "422: altType must be a valid enum value",
            "400 500: Argument passed in must be a single String of 12 bytes or a string of 24 hex characters",
            "400: Cannot delete contact",
            "400: Missing parameter: `refresh_token`",
            "422: limit must not be less than 1",
            "422: limit must be greater than 0",
            "422: limit must be a number string",
            "422: amount must not be greater than 100",
            "400: File size exceeds the maximum limit of 25 MB",
            "422: tags must not contain duplicate values",
        ],
    ),
    (
        Kind::ExpiredToken,
        &[
            "401: The access token provided is expired, revoked, malformed, or invalid for other reasons.",
            "401: Invalid JWT",
            "401: jwt expired",
            "401: The access token has expired.",
            "401: Token expired",
            "401: Invalid token: access token is invalid",
            "401: Invalid access token",
        ],
    ),
    (
        Kind::UnknownPath,
        &[
            "401 404: Cannot GET /contact/",
            "404: Cannot DELETE /contacts/v2/x",
            "401 404: Route not found",
            "404: no Route matched with those values",
        ],
    ),
    (
        Kind::RouteNotSupported,
        &[
            "401: This route is not yet supported by the IAM Service. Please update your IAM config.",
        ],
    ),
    (
        Kind::MissingScope,
        &[
            "401 403: The token is not authorized for this scope.",
            "401 403: Insufficient scopes",
        ],
    ),
    (
        Kind::LocationInactive,
        &[
            "400 401 403: Location is not active",
            "400 403: The location with id l1 is inactive",
            "403: This location has been suspended",
        ],
    ),
    (
        Kind::Forbidden,
        &[
            "403: Forbidden resource",
            "403: Limit exceeded",
            "401 403: This token is not allowed to do this",
            "401 403: User does not have permission to do this",
        ],
    ),
    (
        Kind::RateLimited,
        &[
            "400 403: API request limit exceeded",
            "400 403 429: ThrottlerException: Too Many Requests",
        ],
    ),
    (
        Kind::InvalidToken,
        &[
            "401: Invalid API key",
            "403: jwt expired",
            "401: jwt malformed",
            "401: No authorization token was found",
            "401: Authorization header not found",
            "401: Token has been revoked",
            "401: Invalid Private Integration token",
            "401: Unauthorized",
            "401: Your trial has expired",
        ],
    ),
    (
        Kind::InvalidGrant,
        &[
            "400 401: This refresh token is invalid",
            "400: Invalid grant: refresh token is invalid",
        ],
    ),
    (
        Kind::InvalidVersion,
        &[
            "401: version header was not found.",
            "400 401: version header is invalid",
        ],
    ),
    (
        Kind::Duplicate,
        &[
            "400: This location does not allow duplicated contacts.",
            "400 409 422: A user with this email already exists",
            "400: Could not create relation: duplicate relation of object Ids for given association 350ae902",
            "500: E11000 duplicate key error collection",
        ],
    ),
    (Kind::Conflict, &["409: The appointment was changed"]),
    (Kind::RequestTooLarge, &["413 414 431: "]),
    (
        Kind::Internal,
        &[
            "500: Internal server error",
            "500: getaddrinfo: host of the user service not found",
        ],
    ),
    (
        Kind::Unavailable,
        &["502 503 504: Contact not found", "408 520 525 529 530: "],
    ),
    (Kind::ServerError, &["501 505: "]),
    (Kind::Redirect, &["302 307: "]),
    (Kind::Other, &["402 418: "]),
];

#[test]
fn messages_are_classified_by_their_words() {
    let messages = MESSAGES
        .iter()
        .flat_map(|(kind, messages)| messages.iter().map(move |message| (kind, message)));
    for (kind, message) in messages {
        let (statuses, message) = message.split_once(": ").unwrap();
        for status in statuses.split(' ').map(|status| status.parse().unwrap()) {
            for body in [
                json!({ "statusCode": status, "message": message }).to_string(),
                json!({ "message": [message], "error": "Bad Request" }).to_string(),
                json!({ "error": message }).to_string(),
                json!({ "error": { "message": message } }).to_string(),
            ] {
                assert_eq!(class(status, &body), *kind, "{status} {body}");
            }
        }
    }
}

/// Checks replies by kind: the status and the body of each.
#[track_caller]
fn assert_kinds(replies: &[(Kind, &[&str])]) {
    for (kind, replies) in replies {
        for reply in *replies {
            let (status, body) = reply.split_once(' ').unwrap();
            assert_eq!(class(status.parse().unwrap(), body), *kind, "{reply}");
        }
    }
}

#[test]
fn codes_count_if_messages_match_nothing() {
    assert_kinds(&[
        (
            Kind::NotFound,
            &[
                r#"400 { "message": "Oops", "canonicalCode": "CONVERSATIONS_MSG_NOT_FOUND" }"#,
                r#"400 { "canonicalCode": "CONTACT_NOT_FOUND" }"#,
                r#"400 { "code": 400, "canonicalCode": "CONTACT_NOT_FOUND", "message": "Bad" }"#,
                r#"422 { "message": "Bad", "name": "NotFoundException" }"#,
            ],
        ),
        (
            Kind::Forbidden,
            &[
                r#"401 { "message": "Oops", "canonicalCode": "CONVERSATIONS_MSG_PROVIDER_NO_ACCESS" }"#,
            ],
        ),
        (
            Kind::PageSizeTooLarge,
            &[
                r#"400 { "message": "limit", "errors": [{ "code": "too_big", "path": ["limit"], "message": "limit must not be greater than 100" }] }"#,
                r#"422 { "message": "Invalid", "errors": [{ "field": "limit", "message": "must not be greater than 100" }] }"#,
            ],
        ),
        (
            Kind::InvalidGrant,
            &[r#"400 { "error": "invalid_grant", "error_description": "It is not valid." }"#],
        ),
        (
            Kind::LocationInactive,
            &[r#"400 { "error": "invalid_grant", "error_description": "Location is not active" }"#],
        ),
        (
            Kind::Validation,
            &[
                r#"400 { "error": "invalid_client" }"#,
                r#"422 { "message": "property a should not exist", "code": "NOT_FOUND" }"#,
                // A field error is not about the requested object.
                r#"422 { "message": "Invalid", "errors": [{ "field": "id", "message": "does not exist" }] }"#,
            ],
        ),
    ]);
}

#[test]
fn status_of_the_body_counts_if_the_http_status_is_general() {
    assert_kinds(&[
        (
            Kind::NotFound,
            &[
                r#"400 { "statusCode": 404, "message": "Oops" }"#,
                r#"404 { "statusCode": 401, "message": "Oops" }"#,
            ],
        ),
        (
            Kind::Validation,
            &[
                r#"500 { "statusCode": 422, "message": ["a must be a string"] }"#,
                r#"400 { "statusCode": 422, "message": "Bad Request" }"#,
                r#"400 { "statusCode": 500, "message": "Oops" }"#,
            ],
        ),
        (
            Kind::Internal,
            &[
                r#"500 { "statusCode": 400, "message": "This refresh token is invalid" }"#,
                r#"500 { "statusCode": 401, "message": "Invalid JWT" }"#,
            ],
        ),
    ]);
}

#[test]
fn pages_and_empty_bodies_are_classified_by_status() {
    const PAGE: &str = "<!DOCTYPE html><title>Not found</title>";
    for (status, page, empty) in [
        (400, Kind::Validation, Kind::Validation),
        (401, Kind::Blocked, Kind::InvalidToken),
        (403, Kind::Blocked, Kind::Forbidden),
        (404, Kind::UnknownPath, Kind::NotFound),
        (405, Kind::UnknownPath, Kind::UnknownPath),
        (429, Kind::RateLimited, Kind::RateLimited),
        (500, Kind::Internal, Kind::Internal),
        (503, Kind::Unavailable, Kind::Unavailable),
    ] {
        assert_eq!(class(status, PAGE), page, "{status}");
        for nothing in ["", "{}", "null", "[]", "no JSON"] {
            assert_eq!(class(status, nothing), empty, "{status} {nothing}");
        }
    }
}

#[test]
fn every_kind_has_a_rule_and_a_unique_name() {
    let mut names = Vec::new();
    for kind in Kind::ALL {
        assert!(
            *kind == Kind::Other || RULES.iter().any(|rule| rule.kind == *kind),
            "{kind} has no rule"
        );
        assert!(!names.contains(&kind.to_string()), "{kind} twice");
        names.push(kind.to_string());
    }
}
