//! The transport: sends one request and reads one reply. Waits and retries are part of the
//! pipeline.

use bytes::{Bytes, BytesMut};
use reqwest::StatusCode;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use url::Url;

use crate::CallOptions;
use crate::call_site::CallSite;
use crate::error::Error;
use crate::redact::SentRequest;
use crate::request::body::Payload;
use crate::send::auth::BearerToken;
use crate::send::byte_stream::ReadTimeout;

const VERSION: HeaderName = HeaderName::from_static("version");

/// The number of headers that a request has besides its own, at most.
const COMMON_HEADERS: usize = 6;

/// A complete and checked call.
pub(crate) struct PreparedRequest {
    pub(crate) call_site: CallSite,
    pub(crate) url: Url,
    pub(crate) version: HeaderValue,
    /// The `Accept` header.
    pub(crate) accept: &'static str,
    /// The headers that only this call has.
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    /// The token of the last attempt.
    pub(crate) token: Option<BearerToken>,
    /// The token of a previous attempt, if it differs.
    pub(crate) previous_token: Option<BearerToken>,
    /// Whether the caller reads the reply in chunks.
    pub(crate) streamed: bool,
    pub(crate) options: CallOptions,
}

impl PreparedRequest {
    /// Sets the token of the next attempt.
    pub(crate) fn authorize(&mut self, token: BearerToken) {
        if self.token.as_ref() != Some(&token) {
            self.previous_token = self.token.replace(token);
        }
    }

    /// The sent request, for masking in its reply.
    pub(crate) fn sent_request<'a>(
        &'a self,
        user_agent: &'a HeaderValue,
        location: Option<&'a str>,
    ) -> SentRequest<'a> {
        SentRequest {
            path_template: &self.call_site.template,
            url: &self.url,
            headers: &self.headers,
            authorization: [&self.token, &self.previous_token]
                .map(|token| token.as_ref().map(BearerToken::header)),
            user_agent: Some(user_agent),
            body: self.payload.sent(),
            location,
        }
    }
}

/// A successful reply, not decoded. It is boxed, since each stage of the pipeline returns it.
pub(crate) struct RawReply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ReplyBody,
    /// The number of attempts, and the number of those that were sent.
    pub(crate) attempts: (u32, u32),
}

/// The body of a successful reply.
pub(crate) enum ReplyBody {
    Whole(Bytes),
    /// Boxed, since whole replies are more frequent and much smaller.
    Streamed(Box<StreamedBody>),
}

/// A body that the caller reads in chunks.
pub(crate) struct StreamedBody {
    pub(crate) rest: reqwest::Response,
    pub(crate) limit: usize,
    pub(crate) read_timeout: ReadTimeout,
}

/// The connections, and the settings of every request.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    pub(crate) user_agent: HeaderValue,
    pub(crate) response_limit: usize,
    /// The timeout of replies that are read in chunks.
    pub(crate) read_timeout: ReadTimeout,
}

impl Transport {
    /// Sends a request once and returns the head of its reply.
    pub(crate) async fn execute(
        &self,
        prepared: &mut PreparedRequest,
    ) -> Result<reqwest::Response, Error> {
        let request = self.request(prepared)?;
        let call_site = &prepared.call_site;
        let response = match self.http.execute(request).await {
            Ok(response) => response,
            Err(error) => return Err(Error::broken(call_site.clone(), error)),
        };
        // Only a client that the caller provides follows redirects.
        if *response.url() != prepared.url {
            return Err(Error::redirected(call_site.clone()));
        }
        Ok(response)
    }

    /// Returns a successful reply whose body the caller reads in chunks.
    pub(crate) fn stream(&self, mut response: reqwest::Response) -> Box<RawReply> {
        Box::new(RawReply {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: ReplyBody::Streamed(Box::new(StreamedBody {
                rest: response,
                limit: self.response_limit,
                read_timeout: self.read_timeout.clone(),
            })),
            attempts: (1, 1),
        })
    }

    /// Returns a successful reply whose body was read.
    pub(crate) fn whole(
        &self,
        prepared: &PreparedRequest,
        mut response: reqwest::Response,
        body: Result<Bytes, ReadError>,
    ) -> Result<Box<RawReply>, Error> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        match body {
            Ok(body) => Ok(Box::new(RawReply {
                status,
                headers,
                body: ReplyBody::Whole(body),
                attempts: (1, 1),
            })),
            Err(error) => {
                let call_site = prepared.call_site.clone();
                let error = match error {
                    ReadError::TooLarge => Error::too_large(call_site, self.response_limit),
                    ReadError::Broken(error) => Error::broken_body(call_site, error),
                    ReadError::Short => Error::short_body(call_site),
                };
                Err(error.with_reply(status, headers))
            }
        }
    }

    /// Builds the HTTP request of a call.
    pub(crate) fn request(
        &self,
        prepared: &mut PreparedRequest,
    ) -> Result<reqwest::Request, Error> {
        let call_site = &prepared.call_site;
        let mut request = reqwest::Request::new(call_site.method.clone(), prepared.url.clone());
        let headers = request.headers_mut();
        headers.reserve(prepared.headers.len() + COMMON_HEADERS);
        // Each header is set once, so `append` does the same as `insert`, with less code.
        headers.append(ACCEPT, HeaderValue::from_static(prepared.accept));
        for (name, value) in &prepared.headers {
            headers.append(name, value.clone());
        }
        headers.append(VERSION, prepared.version.clone());
        headers.append(USER_AGENT, self.user_agent.clone());
        if let Some(token) = &prepared.token {
            headers.append(AUTHORIZATION, token.header().clone());
        }
        let mut set_body = |content_type: &'static str, body: &Bytes| {
            let headers = request.headers_mut();
            headers.append(CONTENT_TYPE, HeaderValue::from_static(content_type));
            *request.body_mut() = Some(body.clone().into());
        };
        match &mut prepared.payload {
            Payload::Empty => {}
            Payload::Json(bytes) => set_body("application/json", bytes),
            Payload::Form(bytes) => set_body("application/x-www-form-urlencoded", bytes),
            Payload::Multipart(parts) => match parts.form() {
                Some(form) => {
                    let builder = reqwest::RequestBuilder::from_parts(self.http.clone(), request)
                        .multipart(form);
                    request = match builder.build() {
                        Ok(request) => request,
                        Err(error) => return Err(Error::broken(call_site.clone(), error)),
                    };
                }
                None => {
                    return Err(Error::request(
                        call_site.clone(),
                        "the body is a stream that was already read",
                    ));
                }
            },
        }
        Ok(request)
    }
}

/// The received part of a reply with a status other than 2xx. The status is valid even if the body
/// is incomplete.
#[derive(Default)]
pub(crate) struct ErrorReply(Option<Box<ReceivedReply>>);

struct ReceivedReply {
    status: StatusCode,
    headers: HeaderMap,
    body: BytesMut,
    /// Whether the body arrived to its end.
    complete: bool,
}

impl ErrorReply {
    /// Records the head of a reply.
    pub(crate) fn begin(&mut self, status: StatusCode, headers: HeaderMap) {
        self.0 = Some(Box::new(ReceivedReply {
            status,
            headers,
            body: BytesMut::new(),
            complete: false,
        }));
    }

    /// Reads the part of the body that arrives.
    pub(crate) async fn read(&mut self, response: &mut reqwest::Response, limit: usize) {
        let Some(received) = &mut self.0 else {
            return;
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if received.body.len() + chunk.len() <= limit => {
                    received.body.extend_from_slice(&chunk);
                }
                Ok(None) => {
                    received.complete = true;
                    return;
                }
                Ok(Some(_)) | Err(_) => return,
            }
        }
    }

    /// Returns the error, if a reply has arrived.
    pub(crate) fn take_error(&mut self, call_site: &CallSite) -> Option<Error> {
        let received = self.0.take()?;
        Some(Error::api_error(
            call_site.clone(),
            received.status,
            received.headers,
            received.body.freeze(),
            !received.complete,
        ))
    }
}

/// Why a body could not be read.
pub(crate) enum ReadError {
    TooLarge,
    Broken(reqwest::Error),
    /// It ended before its declared length, which HTTP/2 connections can do without an error.
    Short,
}

/// Reads a body to its end, up to a limit in bytes. The reply is borrowed, which keeps the future
/// small.
pub(crate) async fn read(
    response: &mut reqwest::Response,
    limit: usize,
) -> Result<Bytes, ReadError> {
    let length = response.content_length();
    let announced = response
        .headers()
        .get(reqwest::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(ReadError::TooLarge);
    }
    let mut first = match response.chunk().await.map_err(ReadError::Broken)? {
        Some(chunk) => chunk,
        None if length.is_some_and(|length| length > 0) => return Err(ReadError::Short),
        None => return Ok(Bytes::new()),
    };
    let mut buffer: Option<BytesMut> = None;
    loop {
        let length = buffer.as_ref().map_or(first.len(), BytesMut::len);
        if length > limit {
            return Err(ReadError::TooLarge);
        }
        let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? else {
            break;
        };
        buffer
            .get_or_insert_with(|| {
                let mut buffer = BytesMut::with_capacity(announced.unwrap_or(first.len() * 2));
                buffer.extend_from_slice(&std::mem::take(&mut first));
                buffer
            })
            .extend_from_slice(&chunk);
    }
    let body = buffer.map_or(first, BytesMut::freeze);
    if length.is_some_and(|length| length > body.len() as u64) {
        return Err(ReadError::Short);
    }
    Ok(body)
}
