-- Records the report of a process about one limit, and returns its share. The same algorithm as
-- `Ledger` of hoopai-runtime; a test compares them. All times are in microseconds.
--
-- KEYS: the state of the limit, and the time since which the database has been in use. 0 declares
-- that the database has never lost entries.
-- ARGV: see `arguments` in limiter.rs.
local IN_FLIGHT = 2 ^ 52
local floor, ceil, max, min = math.floor, math.ceil, math.max, math.min

local time = redis.call('TIME')
local server_time = time[1] * 1000000 + time[2]
local now = server_time
if ARGV[1] ~= '' then now = tonumber(ARGV[1]) end

local id = ARGV[2]
local report = {}
local names = { 'number', 'share', 'demand', 'need', 'max', 'interval', 'declared', 'counted',
  'refused', 'daily', 'budget', 'admitted', 'reserved', 'left', 'resets_in', 'forgotten' }
for i, name in ipairs(names) do report[name] = tonumber(ARGV[i + 2]) end
local first_excess = #names + 3

local packed = redis.call('GET', KEYS[1])
local s
if packed then
  s = cmsgpack.unpack(packed)
else
  s = { max = 0, interval = 0, declared = 0, last = 0, active = 0, found = 0, clients = {},
    external = {} }
end
-- An older state has none.
s.ended = s.ended or {}
-- The run of the server, which may have begun with old entries, and its begin.
local function run_of_server()
  local info = redis.pcall('INFO', 'server')
  if type(info) ~= 'string' then return '', 0 end
  local uptime = string.match(info, 'uptime_in_seconds:(%d+)')
  return string.match(info, 'run_id:(%w+)') or '', server_time - (tonumber(uptime) or 0) * 1000000
end
-- From then on, processes report the shares that another state granted.
local function begin(at)
  s.began, s.found = at, 0
  for _, client in pairs(s.clients) do client.share, client.excess = 0, {} end
end
local run, started = run_of_server()
if not packed then
  redis.call('SET', KEYS[2], now, 'NX')
  local since = redis.call('GET', KEYS[2])
  -- A declaration holds for one run: the next one can begin with it and without later entries.
  local never = 'never in ' .. run
  if since == '0' then
    redis.call('SET', KEYS[2], never)
  elseif since ~= never then
    begin(max(tonumber(since) or 0, started))
  end
elseif run ~= s.run then
  begin(now)
end
s.run = run
now = max(now, s.last)

local function occupied(slots)
  local sum = 0
  for _, entry in ipairs(slots) do
    if entry[1] > now then sum = sum + entry[2] end
  end
  return sum
end

local function retained(slots)
  local kept = {}
  for _, entry in ipairs(slots) do
    if entry[1] > now then kept[#kept + 1] = entry end
  end
  return kept
end

-- The slots that may be granted, without those that shares of a lost state may use.
local function capacity()
  if not s.began then return s.max end
  local found = min(s.found, s.max)
  if now < s.began + s.interval * 3 then return found end
  return found + ceil((s.max - found) / 8)
end

local function is_collecting()
  return s.began ~= nil and now < s.began + s.interval
end

local function is_silent(client)
  return now > client.due + floor(s.interval / 2)
end

-- The slots that are reserved or occupied, except those of one client.
local function used(except)
  local sum = occupied(s.external)
  for other, client in pairs(s.clients) do
    if other ~= except then sum = sum + client.share + occupied(client.excess) end
  end
  return sum
end

-- Adds to shares an equal part of the capacity, or what is asked for if that is less.
local function divide(asked, capacity, shares)
  table.sort(asked, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  local left, i, n = capacity, 1, #asked
  while i <= n and asked[i][1] <= floor(left / (n - i + 1)) do
    shares[asked[i][2]] = (shares[asked[i][2]] or 0) + asked[i][1]
    left = left - asked[i][1]
    i = i + 1
  end
  if i > n then return capacity - left end
  local count = n - i + 1
  local equal, remainder = floor(left / count), left % count
  local ids = {}
  for j = i, n do ids[#ids + 1] = asked[j][2] end
  table.sort(ids)
  -- If there are more clients than slots, the slots rotate.
  local turn = 0
  if equal == 0 then turn = floor(now / s.interval) end
  for position, other in ipairs(ids) do
    local extra = 0
    if (turn + position - 1) % count < remainder then extra = 1 end
    shares[other] = (shares[other] or 0) + equal + extra
  end
  return capacity
end

-- The shares if they were divided now.
local function division(unlimited)
  local capacity = max(capacity() - occupied(s.external), 0)
  local shares, needs, demands = {}, {}, {}
  for other, client in pairs(s.clients) do
    if is_silent(client) then
      capacity = max(capacity - client.share, 0)
      shares[other] = client.share
    elseif unlimited == other then
      needs[#needs + 1] = { s.max, other }
      demands[#demands + 1] = { s.max, other }
    elseif client.demand > 0 then
      needs[#needs + 1] = { client.need, other }
      demands[#demands + 1] = { client.demand, other }
    end
  end
  capacity = capacity - divide(needs, capacity, shares)
  for _, entry in ipairs(demands) do
    entry[1] = entry[1] - min(shares[entry[2]] or 0, entry[1])
  end
  divide(demands, capacity, shares)
  return shares
end

local function is_short(except, shares)
  for other, client in pairs(s.clients) do
    if other ~= except and not is_silent(client) and client.share < (shares[other] or 0) then
      return true
    end
  end
  return false
end

local old = s.clients[id]
local stale = old and report.number <= old.number
local share, shares
if stale then
  -- An old report, which was delayed. Nothing is stored.
  share = old.share
  shares = division(nil)
else
  if s.max == 0 or report.declared == 1 or s.declared == 0 then
    s.max = max(report.max, 1)
    s.interval = max(report.interval, 1)
    if report.declared == 1 then s.declared = 1 end
  end
  -- Time passes.
  s.active = s.active + min(now - s.last, s.interval)
  s.last = now
  if s.began and s.began + s.interval * report.forgotten <= now then s.began, s.found = nil, 0 end
  local ended = {}
  local function count_for_an_interval(slots)
    for _, entry in ipairs(slots) do
      if entry[1] <= now and entry[1] + s.interval > now then ended[#ended + 1] = entry end
    end
  end
  count_for_an_interval(s.ended)
  for other, client in pairs(s.clients) do
    count_for_an_interval(client.excess)
    client.excess = retained(client.excess)
    local silent = s.active - client.reported_at
    local is_idle = client.share == 0 and client.demand == 0 and #client.excess == 0
    if silent > s.interval * report.forgotten or (is_idle and silent > s.interval) then
      if s.day then s.day.left = max(s.day.left - client.reserved, 0) end
      s.clients[other] = nil
    end
  end
  s.ended = ended
  s.external = retained(s.external)
  if s.day and s.day.resets <= now then
    s.day = nil
    for _, client in pairs(s.clients) do client.reserved = 0 end
  end
  -- The report.
  local known = s.clients[id]
  local function recorded() return known and known.share or 0 end
  if report.share > recorded() then
    if not s.began then begin(now) end
    s.found = min(s.found + report.share - recorded(), s.max)
  end
  local before = report.admitted
  if known then before = known.admitted end
  local excess = {}
  for i = first_excess, #ARGV, 2 do
    local free_in = tonumber(ARGV[i])
    local free = IN_FLIGHT
    if free_in >= 0 then free = now + free_in end
    excess[#excess + 1] = { free, tonumber(ARGV[i + 1]) }
  end
  local client = {
    number = report.number,
    share = report.share,
    demand = min(report.demand, s.max),
    need = min(report.need, report.demand, s.max),
    excess = excess,
    reported_at = s.active,
    due = now + s.interval,
    admitted = report.admitted,
    reserved = report.reserved,
  }
  s.clients[id] = client
  if report.daily == 1 then
    if not s.day then s.day = { left = report.budget, resets = now + report.resets_in } end
    s.day.left = max(min(s.day.left, report.budget) - max(report.admitted - before, 0), 0)
    if report.left >= 0 then
      s.day.left = report.left
      s.day.resets = now + report.resets_in
    end
  end
  -- Slots of other programs.
  local refused = 0
  if report.refused == 1 and #s.external == 0 then refused = ceil(s.max / 8) end
  local counted = report.counted - used(nil)
  for _, entry in ipairs(s.ended) do counted = counted - entry[2] end
  local slots = max(max(counted, 0), refused)
  if slots > 0 then s.external[#s.external + 1] = { now + s.interval, slots } end
  -- The share is raised by what is free, up to the fair part.
  shares = division(nil)
  local limit = capacity()
  if is_collecting() then limit = 0 end
  local target = min(report.demand, s.max)
  if is_short(id, shares) then target = shares[id] or 0 end
  share = max(report.share, min(target, max(limit - used(id), 0)))
  local absorbed = share - report.share
  while absorbed > 0 and #client.excess > 0 do
    local last = client.excess[#client.excess]
    client.excess[#client.excess] = nil
    if last[2] > absorbed then
      client.excess[#client.excess + 1] = { last[1], last[2] - absorbed }
    end
    absorbed = max(absorbed - last[2], 0)
  end
  client.share = share
end

-- The reply.
local members = 0
for _, client in pairs(s.clients) do
  if client.share > 0 or client.demand > 0 then members = members + 1 end
end
members = max(members, 1)
local regular = floor(s.interval * members * 25 / (s.max * 4))
regular = min(max(regular, floor(s.interval / 4)), s.interval)
local renew_after = regular
if share < (shares[id] or 0) and not is_collecting() then
  local next = now + regular
  for _, entry in ipairs(s.external) do next = min(next, max(entry[1], now)) end
  for other, client in pairs(s.clients) do
    for _, entry in ipairs(client.excess) do next = min(next, max(entry[1], now)) end
    if other ~= id and client.share > (shares[other] or 0) then
      next = min(next, max(client.due, now))
    end
  end
  local wait = next - now + floor(s.interval / 128)
  renew_after = min(max(wait, floor(s.interval / 16)), regular)
end
local target = share
if share > (shares[id] or 0) and not is_collecting() and is_short(id, shares) then
  target = shares[id] or 0
end
local client = s.clients[id]
client.due = now + renew_after
local prospect = division(id)[id] or 0
local daily_left, daily_reserved, daily_resets_in = -1, 0, 0
if report.daily == 1 and s.day then
  local others = 0
  for other, known in pairs(s.clients) do
    if other ~= id then others = others + known.reserved end
  end
  local free = max(s.day.left - others, 0)
  if client.demand > 0 then
    local kept = min(client.reserved, floor(s.day.left / members))
    daily_reserved = min(max(floor(free / (members * 2)), 1, kept), free)
  end
  daily_left = s.day.left
  daily_resets_in = max(s.day.resets - now, 0)
end
if not stale then
  client.reserved = daily_reserved
  local kept = s.interval * (report.forgotten + 2)
  if s.day then kept = max(kept, s.day.resets - now) end
  redis.call('SET', KEYS[1], cmsgpack.pack(s), 'PX', ceil(kept / 1000))
end
local recovering = 0
if s.began and capacity() == 0 then recovering = 1 end
return { share, target, prospect, members, renew_after, s.max, s.interval, daily_left,
  daily_reserved, daily_resets_in, recovering }
