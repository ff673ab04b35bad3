//! The division of one limit among processes, as a value without a clock and without I/O.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::backend::{FORGOTTEN_AFTER, ShareReply, ShareReport};

/// The shares of one limit: a value that a [`LimiterBackend`](super::LimiterBackend) stores for each
/// key and changes in one step.
///
/// At any moment, the sum of the shares, of the slots that processes occupy beyond their shares and
/// of those that other programs use is at most the limit. A share is raised only by what is free.
/// Each process keeps to its share in any interval, so all of them together keep to the limit.
///
/// A ledger can be lost. The next one, [`recovering`](Self::recovering), divides the shares that
/// processes report, and reserves the others until no process uses them any more.
///
/// ```
/// use std::time::Duration;
/// use hoopai_runtime::rate_limit::{Ledger, ShareReport};
///
/// let (mut ledger, interval) = (Ledger::new(), Duration::from_secs(10));
/// let mut report = ShareReport::new(1, 100, interval);
/// (report.demand, report.need) = (60, 60);
/// // The time of the server that keeps the ledger.
/// let reply = ledger.exchange(Duration::from_secs(1_900_000_000), &report);
/// assert_eq!(reply.share, 60);
/// ```
// Why processes stay within the limit, in any window:
//
// 1. A process occupies a slot from the admission of a request until an interval after its reply, and
//    occupies at most its share, or what it reported beyond it. The platform counts a request between
//    its sending and its reply. So it suffices that the occupied slots of all processes are at most
//    the limit at any moment. Right before a request is sent, its slot is given up if the share, or
//    an eighth of it, has ended since the admission. So a process that was suspended in between sends
//    nothing that its share does not allow any more.
// 2. While a ledger exists, the shares and reported slots beyond them are at most the limit: only
//    `raised` adds to them, and only what is free. A process whose reply is lost has less than the
//    ledger counts. A delayed report changes nothing.
// 3. A process without a confirmation by the backend keeps its whole share for `FULL_USE`, then seven
//    eighths of it until `FORGOTTEN_AFTER` less two intervals, and then none (see `sharing.rs`). The
//    time runs from the begin of the exchange, on the clock of the process, and includes time in which
//    it was suspended. Two intervals later the last of its requests is no longer counted. Until then
//    a ledger that has its share reserves it.
// 4. A ledger that was lost granted at most the limit. Of that, `found` is what processes have
//    reported to this one, so others use at most `max - found`: all of it for three intervals (the
//    full use, half an interval until the last request is counted, and an interval in which it
//    is), seven eighths of it until `FORGOTTEN_AFTER`, and then nothing. `capacity` is the limit
//    without that part, and no share is raised beyond it.
// 5. A process reports a share beyond the recorded one only if a ledger was lost or an older one
//    restored. So a ledger that finds this begins anew: it counts only shares that are reported again.
//
// Three cases are outside: a process that runs, but reaches no ledger for longer than in 3, keeps its
// part, and takes the use of others from replies; `RateLimitSettings::without_share` admits requests
// without a share; and a request can be counted later than half an interval after the check in 1,
// because of the network or because its process was suspended before the connection wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    max: u64,
    /// All times are in microseconds.
    interval: u64,
    declared: bool,
    /// The time of the last report.
    last: u64,
    /// The time in which processes reported: pauses count as at most an interval.
    active: u64,
    /// The time since which processes report shares of a ledger that was lost. `None`: each share in
    /// use is in this ledger.
    began: Option<u64>,
    /// The slots of the shares that were reported since then.
    found: u64,
    clients: BTreeMap<u64, Client>,
    /// Slots that other programs use, with their end.
    external: Vec<(u64, u64)>,
    /// Slots beyond shares that ended within the last interval, with their end. Replies that came
    /// before count them.
    #[serde(default)]
    ended: Vec<(u64, u64)>,
    day: Option<Day>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Client {
    number: u64,
    share: u64,
    demand: u64,
    need: u64,
    /// Slots beyond the share, with their end. `u64::MAX`: their requests have no reply yet.
    excess: Vec<(u64, u64)>,
    /// When it reported, in `active` time.
    reported_at: u64,
    /// When its next report is due.
    due: u64,
    admitted: u64,
    reserved: u64,
}

impl Client {
    fn excess(&self, now: u64) -> u64 {
        occupied(&self.excess, now)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Day {
    left: u64,
    resets: u64,
}

impl Ledger {
    /// Creates the ledger of a limit that no process uses.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates the ledger of a limit that processes may be using, because earlier ledgers were lost
    /// at this time or before.
    ///
    /// For an interval, processes report the shares that they hold, and none is raised. After that,
    /// these shares are divided. After three intervals, an eighth of the others is free, and all of
    /// them after [`FORGOTTEN_AFTER`] intervals.
    pub fn recovering(now: Duration) -> Self {
        Ledger {
            began: Some(micros(now)),
            ..Self::default()
        }
    }

    /// Whether no process holds a share or occupies a slot, and no daily budget counts, so that the
    /// ledger can be forgotten.
    pub fn is_idle(&self, now: Duration) -> bool {
        let now = micros(now);
        occupied(&self.external, now) == 0
            && self.day.is_none_or(|day| day.resets <= now)
            && self
                .clients
                .values()
                .all(|client| client.share == 0 && client.excess(now) == 0)
    }

    /// Records a report, and returns the share of its process. `now` is the time on the clock of the
    /// server that keeps the ledger.
    pub fn exchange(&mut self, now: Duration, report: &ShareReport) -> ShareReply {
        let now = micros(now).max(self.last);
        if let Some(client) = self.clients.get(&report.client)
            && report.number <= client.number
        {
            // An old report, which was delayed. Its process no longer waits for the reply.
            let share = client.share;
            let division = self.division(now, None);
            return self.clone().reply(now, report, share, &division);
        }
        self.limit(report);
        self.advance(now);
        self.record(now, report);
        self.observe(now, report);
        let division = self.division(now, None);
        let share = self.raised(now, report, &division);
        self.reply(now, report, share, &division)
    }

    /// Updates the limit.
    fn limit(&mut self, report: &ShareReport) {
        if self.max == 0 || report.declared || !self.declared {
            self.max = u64::from(report.max.max(1));
            self.interval = micros(report.interval).max(1);
            self.declared |= report.declared;
        }
    }

    fn advance(&mut self, now: u64) {
        self.active += (now - self.last).min(self.interval);
        self.last = now;
        let recovery = self.interval.saturating_mul(u64::from(FORGOTTEN_AFTER));
        if self.began.is_some_and(|began| began + recovery <= now) {
            (self.began, self.found) = (None, 0);
        }
        let (interval, active) = (self.interval, self.active);
        let forgotten = interval.saturating_mul(u64::from(FORGOTTEN_AFTER));
        self.ended.retain(|(end, _)| end + interval > now);
        let (day, ended) = (&mut self.day, &mut self.ended);
        self.clients.retain(|_, client| {
            let excess = client.excess.iter();
            ended.extend(excess.filter(|(end, _)| *end <= now && end + interval > now));
            client.excess.retain(|(end, _)| *end > now);
            let silent = active - client.reported_at;
            let is_idle = client.share == 0 && client.demand == 0 && client.excess.is_empty();
            let keep = silent <= forgotten && !(is_idle && silent > interval);
            if let Some(day) = day
                && !keep
            {
                day.left = day.left.saturating_sub(client.reserved);
            }
            keep
        });
        self.external.retain(|(end, _)| *end > now);
        if self.day.is_some_and(|day| day.resets <= now) {
            self.day = None;
            for client in self.clients.values_mut() {
                client.reserved = 0;
            }
        }
    }

    fn record(&mut self, now: u64, report: &ShareReport) {
        let max = self.max;
        self.find(now, report);
        let known = self.clients.get(&report.client);
        let admitted = report.daily.map_or(0, |daily| daily.admitted);
        let before = known.map_or(admitted, |client| client.admitted);
        let end = |free_in: Option<Duration>| free_in.map_or(u64::MAX, |time| now + micros(time));
        let client = Client {
            number: report.number,
            share: u64::from(report.share),
            demand: u64::from(report.demand).min(max),
            need: u64::from(report.need.min(report.demand)).min(max),
            excess: report
                .excess
                .iter()
                .map(|excess| (end(excess.free_in), u64::from(excess.slots)))
                .collect(),
            reported_at: self.active,
            due: now,
            admitted,
            reserved: report.daily.map_or(0, |daily| daily.reserved),
        };
        self.clients.insert(report.client, client);
        if let Some(daily) = &report.daily {
            let day = self.day.get_or_insert(Day {
                left: daily.budget,
                resets: now + micros(daily.resets_in),
            });
            day.left = day
                .left
                .min(daily.budget)
                .saturating_sub(admitted.saturating_sub(before));
            if let Some(left) = daily.left {
                day.left = left;
                day.resets = now + micros(daily.resets_in);
            }
        }
    }

    /// Counts a share that this ledger did not grant.
    fn find(&mut self, now: u64, report: &ShareReport) {
        let recorded = |ledger: &Self| {
            ledger
                .clients
                .get(&report.client)
                .map_or(0, |client| client.share)
        };
        let share = u64::from(report.share);
        if share <= recorded(self) {
            return;
        }
        if self.began.is_none() {
            (self.began, self.found) = (Some(now), 0);
            for client in self.clients.values_mut() {
                client.share = 0;
                client.excess.clear();
            }
        }
        self.found = self.max.min(self.found + share - recorded(self));
    }

    /// The slots that may be granted: the limit without those that processes may use by shares of a
    /// ledger that was lost.
    fn capacity(&self, now: u64) -> u64 {
        let Some(began) = self.began else {
            return self.max;
        };
        let found = self.found.min(self.max);
        match now < began + self.interval.saturating_mul(3) {
            true => found,
            false => found + (self.max - found).div_ceil(8),
        }
    }

    /// Whether processes first report the shares that they hold.
    fn is_collecting(&self, now: u64) -> bool {
        self.began.is_some_and(|began| now < began + self.interval)
    }

    /// Counts slots that other programs use.
    fn observe(&mut self, now: u64, report: &ShareReport) {
        let ended = self.ended.iter().map(|(_, slots)| *slots);
        let used = ended.fold(self.used(now, None), u64::saturating_add);
        let missing = u64::from(report.counted.unwrap_or(0)).saturating_sub(used);
        let refused = if report.refused && self.external.is_empty() {
            self.max.div_ceil(8)
        } else {
            0
        };
        let slots = missing.max(refused);
        if slots > 0 {
            self.external.push((now + self.interval, slots));
        }
    }

    /// The slots that are reserved or occupied, except those of one client.
    fn used(&self, now: u64, except: Option<u64>) -> u64 {
        let clients = self.clients.iter();
        clients
            .filter(|(id, _)| Some(**id) != except)
            .map(|(_, client)| client.share + client.excess(now))
            .fold(occupied(&self.external, now), u64::saturating_add)
    }

    /// Raises the share of a client by what is free, up to its fair part.
    fn raised(&mut self, now: u64, report: &ShareReport, division: &Division) -> u64 {
        let others = self.used(now, Some(report.client));
        let limit = match self.is_collecting(now) {
            true => 0,
            false => self.capacity(now),
        };
        let target = match self.is_short(now, report.client, division) {
            true => part(division, report.client),
            // What the others do not need is free for all.
            false => u64::from(report.demand).min(self.max),
        };
        let reserved = u64::from(report.share);
        let share = reserved.max(target.min(limit.saturating_sub(others)));
        if let Some(client) = self.clients.get_mut(&report.client) {
            // Slots beyond the share become part of it.
            let mut absorbed = share - reserved;
            while absorbed > 0
                && let Some((end, slots)) = client.excess.pop()
            {
                if slots > absorbed {
                    client.excess.push((end, slots - absorbed));
                }
                absorbed = absorbed.saturating_sub(slots);
            }
            client.share = share;
        }
        share
    }

    /// The shares if they were divided now: each process has an equal part, or what it needs if that
    /// is less. Then what is left is divided in the same way by what they could use. Silent clients
    /// keep what they hold.
    fn division(&self, now: u64, unlimited: Option<u64>) -> Division {
        let external = occupied(&self.external, now);
        let mut capacity = self.capacity(now).saturating_sub(external);
        let mut shares = Division::new();
        let (mut needs, mut demands) = (Vec::new(), Vec::new());
        for (id, client) in &self.clients {
            if self.is_silent(now, client) {
                capacity = capacity.saturating_sub(client.share);
                shares.insert(*id, client.share);
            } else if unlimited == Some(*id) {
                needs.push((self.max, *id));
                demands.push((self.max, *id));
            } else if client.demand > 0 {
                needs.push((client.need, *id));
                demands.push((client.demand, *id));
            }
        }
        capacity -= self.divide(now, needs, capacity, &mut shares);
        for (demand, id) in &mut demands {
            *demand -= shares.get(id).copied().unwrap_or(0).min(*demand);
        }
        self.divide(now, demands, capacity, &mut shares);
        shares
    }

    /// Adds to shares an equal part of the capacity, or what is asked for if that is less. Returns
    /// the sum.
    fn divide(
        &self,
        now: u64,
        mut asked: Vec<(u64, u64)>,
        capacity: u64,
        shares: &mut Division,
    ) -> u64 {
        asked.sort_unstable();
        let mut left = capacity;
        let mut rest = &asked[..];
        while let Some(((slots, id), larger)) = rest.split_first()
            && *slots <= left / count(rest)
        {
            *shares.entry(*id).or_default() += slots;
            left -= slots;
            rest = larger;
        }
        if rest.is_empty() {
            return capacity - left;
        }
        let (equal, remainder) = (left / count(rest), left % count(rest));
        let mut ids: Vec<u64> = rest.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        // If there are more clients than slots, the slots rotate.
        let turn = match equal {
            0 => now / self.interval,
            _ => 0,
        };
        for (position, id) in (turn..).zip(&ids) {
            let extra = u64::from(position % count(rest) < remainder);
            *shares.entry(*id).or_default() += equal + extra;
        }
        capacity
    }

    fn is_silent(&self, now: u64, client: &Client) -> bool {
        now > client.due + self.interval / 2
    }

    fn reply(
        &mut self,
        now: u64,
        report: &ShareReport,
        share: u64,
        division: &Division,
    ) -> ShareReply {
        let id = report.client;
        let target = part(division, id);
        let members = self
            .clients
            .values()
            .filter(|client| client.share > 0 || client.demand > 0)
            .count();
        let members = u64::try_from(members).unwrap_or(u64::MAX).max(1);
        let renew_after = self.renew_after(now, id, share, members, division);
        let is_requested =
            share > target && !self.is_collecting(now) && self.is_short(now, id, division);
        let daily = report.daily.map(|_| self.daily(id, members));
        if let Some(client) = self.clients.get_mut(&id) {
            client.due = now + renew_after;
        }
        let mut reply = ShareReply::new(
            narrow(share),
            narrow(self.max),
            Duration::from_micros(self.interval),
        );
        reply.target = narrow(if is_requested { target } else { share });
        reply.prospect = narrow(part(&self.division(now, Some(id)), id));
        reply.members = narrow(members);
        reply.renew_after = Duration::from_micros(renew_after);
        reply.is_recovering = self.began.is_some() && self.capacity(now) == 0;
        match (daily, self.day) {
            (Some(reserved), Some(day)) => {
                let resets_in = Duration::from_micros(day.resets.saturating_sub(now));
                reply.with_daily(day.left, reserved, resets_in)
            }
            _ => reply,
        }
    }

    /// Whether a client that reports has less than its fair part, apart from this one.
    fn is_short(&self, now: u64, except: u64, division: &Division) -> bool {
        self.clients.iter().any(|(id, client)| {
            *id != except && !self.is_silent(now, client) && client.share < part(division, *id)
        })
    }

    /// The time until the next report: such that reports are few compared with requests, and sooner
    /// if the share is too small.
    fn renew_after(&self, now: u64, id: u64, share: u64, members: u64, division: &Division) -> u64 {
        let interval = self.interval;
        let spread = interval.saturating_mul(members).saturating_mul(25) / (self.max * 4);
        let regular = spread.clamp(interval / 4, interval);
        if share >= part(division, id) || self.is_collecting(now) {
            return regular;
        }
        let mut next = now + regular;
        for (end, _) in &self.external {
            next = next.min((*end).max(now));
        }
        for (other, client) in &self.clients {
            for (end, _) in &client.excess {
                next = next.min((*end).max(now));
            }
            if *other != id && client.share > part(division, *other) {
                next = next.min(client.due.max(now));
            }
        }
        (next - now + interval / 128).clamp(interval / 16, regular)
    }

    /// The part of the daily budget that a client may use: half of an equal part of what no client
    /// holds, so that little is left unused at the end of the day.
    fn daily(&mut self, id: u64, members: u64) -> u64 {
        let Some(day) = self.day else {
            return 0;
        };
        let others: u64 = self
            .clients
            .iter()
            .filter(|(other, _)| **other != id)
            .map(|(_, client)| client.reserved)
            .sum();
        let free = day.left.saturating_sub(others);
        let Some(client) = self.clients.get_mut(&id) else {
            return 0;
        };
        let part = (free / (members * 2)).max(1);
        client.reserved = match client.demand {
            0 => 0,
            // Of a ledger that was lost, processes can hold more than is left.
            _ => part.max(client.reserved.min(day.left / members)).min(free),
        };
        client.reserved
    }
}

/// The fair share of each client.
type Division = BTreeMap<u64, u64>;

fn part(division: &Division, id: u64) -> u64 {
    division.get(&id).copied().unwrap_or(0)
}

fn occupied(slots: &[(u64, u64)], now: u64) -> u64 {
    let taken = slots.iter().filter(|(end, _)| *end > now);
    taken.map(|(_, slots)| *slots).fold(0, u64::saturating_add)
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX).max(1)
}

/// The microseconds of a duration, up to a year beyond the present time.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros())
        .unwrap_or(u64::MAX / 4)
        .min(u64::MAX / 4)
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
