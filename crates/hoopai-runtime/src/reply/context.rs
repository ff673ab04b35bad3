//! A raw reply with its call, and the conversions into what the caller requested.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::decode::drift::Drift;
use crate::decode::{DecodeError, DecodeErrorKind, Decoded, Repaired, last_trace_id, read, repair};
use crate::drift::Reading;
use crate::error::Error;
use crate::redact::SentValues;
use crate::reply::response::{OriginalReply, Response};
use crate::send::byte_stream::ByteStream;
use crate::send::context::HandleState;
use crate::send::transport::{PreparedRequest, RawReply, ReplyBody};

/// A raw reply and the call that it answers.
pub(crate) struct ReplyContext {
    pub(crate) handle: Arc<HandleState>,
    /// The request, whose values are masked in errors.
    pub(crate) prepared: Box<PreparedRequest>,
    pub(crate) reply: Box<RawReply>,
    pub(crate) reading: Reading,
}

/// Converts a raw reply into what the caller requested.
pub(crate) type Read<T> = fn(ReplyContext) -> Result<Response<T>, Error>;

/// Converts a reply of JSON.
pub(crate) fn json<T: DeserializeOwned>(sent: ReplyContext) -> Result<Response<T>, Error> {
    let body = sent.body();
    let mut repaired: Option<Repaired> = None;
    let Decoded {
        value,
        mut drift,
        raw,
    } = loop {
        let text = repaired
            .as_ref()
            .map_or(&*body, |made| made.text.as_bytes());
        match read::<T>(text) {
            Ok(decoded) => break decoded,
            Err(fault) => repaired = Some(sent.repair(&fault, repaired)?),
        }
    };
    let trace_id = last_trace_id(
        repaired
            .as_ref()
            .map_or(&*body, |made| made.text.as_bytes()),
    );
    let mut came = raw.map(OriginalReply::value);
    if let Some(mut made) = repaired {
        made.drift.append(&mut drift);
        drift = made.drift;
        came = Some(OriginalReply::body(came, body));
    }
    if !drift.is_empty() {
        drift = sent.drifted(drift)?;
    }
    let (status, headers) = (sent.reply.status, sent.reply.headers);
    Ok(Response::with_drift(
        value, status, headers, trace_id, drift, came,
    ))
}

impl ReplyContext {
    /// Returns the body of a reply that is not streamed.
    pub(crate) fn body(&self) -> Bytes {
        match &self.reply.body {
            ReplyBody::Whole(body) => body.clone(),
            ReplyBody::Streamed(_) => Bytes::new(),
        }
    }

    /// Masks and reports drift. In strict mode the first one is an error.
    #[cold]
    pub(crate) fn drifted(&self, mut drift: Vec<Drift>) -> Result<Vec<Drift>, Error> {
        let carried = self.carried();
        for drift in &mut drift {
            if let Cow::Owned(masked) = carried.mask_path(&drift.path) {
                drift.path = masked;
            }
        }
        let origin = &self.prepared.call_site;
        self.reading.report(origin, &drift);
        match drift.first() {
            Some(first) if self.reading.strict => {
                let error = Error::drifted(Some(origin.clone()), first, self.body(), carried);
                Err(self.of_reply(error))
            }
            _ => Ok(drift),
        }
    }

    /// Repairs a reply that could not be decoded, once.
    #[cold]
    pub(crate) fn repair(
        &self,
        fault: &DecodeError,
        before: Option<Repaired>,
    ) -> Result<Repaired, Error> {
        let body = self.body();
        match before {
            Some(made) => Err(self.unreadable(fault, made.text.as_bytes())),
            None => match fault.cause() {
                DecodeErrorKind::Broken => repair(&body, Some(&self.reply.headers)),
                DecodeErrorKind::Deep | DecodeErrorKind::Unfit { .. } => None,
            }
            .ok_or_else(|| self.unreadable(fault, &body)),
        }
    }

    /// The error for a reply that cannot be decoded; `text` is what was decoded.
    #[cold]
    pub(crate) fn unreadable(&self, fault: &DecodeError, text: &[u8]) -> Error {
        let origin = Some(self.prepared.call_site.clone());
        self.of_reply(Error::decode(
            origin,
            fault,
            text,
            self.body(),
            self.carried(),
        ))
    }

    /// Adds the head of the reply and the attempts to an error.
    pub(crate) fn of_reply(&self, error: Error) -> Error {
        let RawReply {
            status,
            headers,
            attempts: (attempts, sent),
            ..
        } = &*self.reply;
        error
            .with_reply(*status, headers.clone())
            .with_attempts(*attempts, *sent)
    }

    /// Returns the values that the request carried.
    pub(crate) fn carried(&self) -> SentValues {
        let inner = &*self.handle;
        let agent = &inner.shared.transport.user_agent;
        SentValues::of(&self.prepared.sent_request(agent, inner.location.as_deref()))
    }
}

/// Converts a reply whose contents are not used.
pub(crate) fn empty(sent: ReplyContext) -> Result<Response<()>, Error> {
    let trace_id = match &sent.reply.body {
        ReplyBody::Whole(body) => last_trace_id(body),
        ReplyBody::Streamed(_) => None,
    };
    Ok(Response::new(
        (),
        sent.reply.status,
        sent.reply.headers,
        trace_id,
    ))
}

/// Converts a reply of bytes.
pub(crate) fn bytes(sent: ReplyContext) -> Result<Response<ByteStream>, Error> {
    let stream = match sent.reply.body {
        ReplyBody::Streamed(body) => ByteStream::new(
            sent.prepared.call_site,
            body.rest,
            body.limit,
            body.read_timeout,
        ),
        ReplyBody::Whole(body) => ByteStream::whole(sent.prepared.call_site, body),
    };
    Ok(Response::new(
        stream,
        sent.reply.status,
        sent.reply.headers,
        None,
    ))
}
