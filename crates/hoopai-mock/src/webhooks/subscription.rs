//! Subscribers and the deliveries that wait for them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use fastrand::Rng;
use http::Uri;

use super::payload::Event;

/// The number of retries after the first attempt.
const RETRIES: u32 = 12;
/// The delay of the first retry, which each further retry doubles.
const FIRST_DELAY: Duration = Duration::from_secs(10);

/// Events that are sent whatever a subscription names.
const LIFECYCLE: [&str; 3] = ["AppInstall", "AppUninstall", "AppUpdate"];

pub(super) struct Subscription {
    pub(super) url: String,
    /// The names of the events; empty for all.
    events: BTreeSet<String>,
    /// Deliveries that are due.
    due: VecDeque<Planned>,
    /// Deliveries that are due later, by time and number.
    later: BTreeMap<(Duration, u64), Planned>,
    retries: u64,
    /// Whether a delivery has been taken from the queue and not ended.
    pub(super) in_flight: bool,
    /// A closed subscription receives nothing. It keeps its index.
    pub(super) closed: bool,
}

/// A delivery that waits for its next attempt.
pub(super) struct Planned {
    pub(super) event: Event,
    /// The number of attempts before.
    pub(super) retries: u32,
}

/// The address of a subscriber.
pub(super) struct Target {
    /// `host:port`.
    pub(super) authority: String,
    pub(super) address: (String, u16),
    pub(super) path: String,
}

impl Subscription {
    pub(super) fn new(url: &str, events: BTreeSet<String>) -> Self {
        Self {
            url: url.to_owned(),
            events,
            due: VecDeque::new(),
            later: BTreeMap::new(),
            retries: 0,
            in_flight: false,
            closed: false,
        }
    }

    /// The names of the events; empty for all.
    pub(super) fn events(&self) -> impl Iterator<Item = &str> {
        self.events.iter().map(String::as_str)
    }

    /// Discards all deliveries, and receives no more.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.due.clear();
        self.later.clear();
    }

    pub(super) fn wants(&self, event: &Event) -> bool {
        let name = event.name.as_str();
        let named = self.events.is_empty()
            || name.is_empty()
            || self.events.contains(name)
            || LIFECYCLE.contains(&name);
        named && !self.closed
    }

    /// Queues the first attempt to deliver an event.
    pub(super) fn plan(&mut self, event: Event) {
        let planned = Planned { event, retries: 0 };
        self.due.push_back(planned);
    }

    /// Queues the next attempt after a failure, unless it was the last.
    pub(super) fn retry(&mut self, failed: Planned, now: Duration, rng: &mut Rng) {
        if failed.retries == RETRIES {
            return;
        }
        let delay = FIRST_DELAY.saturating_mul(1 << failed.retries);
        let jitter = delay.mul_f64(rng.f64() / 10.0);
        let due = now.saturating_add(delay).saturating_add(jitter);
        let planned = Planned {
            retries: failed.retries + 1,
            ..failed
        };
        self.retries += 1;
        self.later.insert((due, self.retries), planned);
    }

    /// Takes a delivery that is due: the first, or any with `random`.
    pub(super) fn take_due(&mut self, now: Duration, random: Option<&mut Rng>) -> Option<Planned> {
        while let Some(next) = self.later.first_entry()
            && next.key().0 <= now
        {
            self.due.push_back(next.remove());
        }
        match random {
            Some(rng) if !self.due.is_empty() => {
                let index = rng.usize(0..self.due.len());
                self.due.swap_remove_front(index)
            }
            _ => self.due.pop_front(),
        }
    }

    /// The time at which the next later delivery is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.later.first_key_value().map(|((due, _), _)| *due)
    }

    /// The number of deliveries that wait or are being sent.
    pub(super) fn pending(&self) -> usize {
        match self.closed {
            true => 0,
            false => self.due.len() + self.later.len() + usize::from(self.in_flight),
        }
    }
}

/// Reads the URL of a subscriber, which must be on this machine: tests send nothing elsewhere.
pub(super) fn target(url: &str) -> Result<Target, String> {
    let error = || {
        format!(
            "`{url}` is no http URL of this machine; events are sent to 127.0.0.1, [::1] or \
             localhost, as in http://127.0.0.1:3000/webhooks"
        )
    };
    let uri: Uri = url.parse().map_err(|_| error())?;
    let authority = uri.authority().ok_or_else(error)?;
    let host = authority.host().trim_matches(['[', ']']);
    let is_loopback = match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    };
    if uri.scheme_str() != Some("http") || !is_loopback {
        return Err(error());
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Target {
        authority: authority.to_string(),
        address: (host.to_owned(), authority.port_u16().unwrap_or(80)),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn only_this_machine_is_a_target() {
        for url in [
            "http://127.0.0.1:3000/hooks?a=b",
            "http://localhost/hooks",
            "http://[::1]:3000",
        ] {
            assert!(target(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "/hooks",
            "localhost:3000",
            "https://127.0.0.1/hooks",
            "http://example.com/hooks",
            "http://localhost.example.com/",
            "http://10.0.0.1/",
        ] {
            assert!(target(url).is_err(), "{url}");
        }
    }
}
