//! The single hop to the network. Whatever a call waits for or does again belongs here, between a call that is complete and a
//! reply that is whole.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::StatusCode;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use url::Url;

use crate::auth::Credentials;
use crate::body::Payload;
use crate::error::{Error, Origin};

const VERSION: HeaderName = HeaderName::from_static("version");

/// A call, complete and checked.
pub(crate) struct Prepared {
    pub(crate) origin: Origin,
    pub(crate) url: Url,
    pub(crate) version: HeaderValue,
    /// What the call carries beyond what every call does.
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    /// Whether the caller reads the reply piece by piece.
    pub(crate) streamed: bool,
}

/// A successful reply as it came.
pub(crate) struct RawReply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ReplyBody,
}

/// The body of a successful reply.
pub(crate) enum ReplyBody {
    Whole(Bytes),
    Streamed {
        rest: reqwest::Response,
        limit: usize,
    },
}

/// What all calls of a handle share on their way.
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    pub(crate) credentials: Credentials,
    pub(crate) user_agent: HeaderValue,
    pub(crate) timeout: Duration,
    pub(crate) response_limit: usize,
}

impl Transport {
    /// Sends a call once and reads its reply. Every status but 2xx is an error.
    pub(crate) async fn execute(&self, prepared: Prepared) -> Result<RawReply, Error> {
        let Prepared {
            origin,
            url,
            version,
            headers,
            payload,
            streamed,
        } = prepared;
        let grant = match self.credentials.authorization().await {
            Ok(grant) => grant,
            Err(error) => return Err(error.of_call(&origin)),
        };
        let accept = HeaderValue::from_static(if streamed { "*/*" } else { "application/json" });
        let request = self
            .http
            .request(origin.method.to_http(), url)
            .timeout(self.timeout)
            .headers(headers)
            .header(AUTHORIZATION, grant.header)
            .header(VERSION, version)
            .header(ACCEPT, accept)
            .header(USER_AGENT, self.user_agent.clone());
        let json = match &payload {
            Payload::Json(body) => Some(body.clone()),
            _ => None,
        };
        let request = match payload {
            Payload::Empty => request,
            Payload::Json(body) => request.header(CONTENT_TYPE, "application/json").body(body),
            Payload::Form(body) => request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body),
            Payload::Multipart(form) => request.multipart(form),
        };

        let mut response = match request.send().await {
            Ok(response) => response,
            Err(fault) => return Err(Error::transport(origin, fault, self.timeout)),
        };
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        if !status.is_success() {
            let url = response.url().clone();
            // What is refused stays refused, whatever becomes of the reason.
            let (body, cut) = match read(response, &headers, self.response_limit).await {
                Ok(body) => (body, false),
                Err(_) => (Bytes::new(), true),
            };
            return Err(
                Error::refused(origin, status, headers, body, cut).masking(&url, json.as_deref())
            );
        }
        let body =
            if streamed {
                ReplyBody::Streamed {
                    rest: response,
                    limit: self.response_limit,
                }
            } else {
                match read(response, &headers, self.response_limit).await {
                    Ok(body) => ReplyBody::Whole(body),
                    Err(Unread::TooLarge) => {
                        return Err(Error::too_large(origin, self.response_limit)
                            .with_reply(status, headers));
                    }
                    Err(Unread::Broken(fault)) => {
                        return Err(Error::transport(origin, fault, self.timeout)
                            .with_reply(status, headers));
                    }
                }
            };
        Ok(RawReply {
            status,
            headers,
            body,
        })
    }
}

/// Why a body could not be read.
pub(crate) enum Unread {
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads a body to its end, up to a limit in bytes.
pub(crate) async fn read(
    mut response: reqwest::Response,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Bytes, Unread> {
    let announced = headers
        .get(reqwest::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Unread::TooLarge);
    }
    let mut first = match response.chunk().await.map_err(Unread::Broken)? {
        Some(chunk) => chunk,
        None => return Ok(Bytes::new()),
    };
    let mut whole: Option<BytesMut> = None;
    loop {
        let length = whole.as_ref().map_or(first.len(), BytesMut::len);
        if length > limit {
            return Err(Unread::TooLarge);
        }
        let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? else {
            break;
        };
        whole
            .get_or_insert_with(|| {
                let mut buffer = BytesMut::with_capacity(announced.unwrap_or(first.len() * 2));
                buffer.extend_from_slice(&std::mem::take(&mut first));
                buffer
            })
            .extend_from_slice(&chunk);
    }
    Ok(whole.map_or(first, BytesMut::freeze))
}
