-- Admits a comment: determines whether it is new, an edit or a repeat, checks its rate limits, counts it if all of them admit
-- it, and stores the tentative verdict unless a fact requires another decision.
--
-- KEYS after those of keep.lua
--   7 number of comments per MinHash band in the current window, 8 in the previous window
--   9 block and allow entries   10 unsealed audit records
--   11 index of spot checks   12… one per limit: its theoretical arrival time in microseconds
-- ARGV
--   1 `admit`, or `look` to change nothing
--   2 fingerprint, fingerprint of the body alone, and time of sending according to the host (0: unknown), separated by spaces
--   3 author   4 tentative decision   5 verdict id
--   6 condition on the author's history: minimum of approved comments, number of rejected comments that is too many
--     (0: no check), number of approved comments from which on it fails (0: no check)   7 risk lead   8 lifetimes
--   9 lifetime of a reservation in milliseconds   10 comment id   11 comment   12 verdict
--   13 hashes of the sender, separated by spaces   14 MinHash bands, separated by spaces, or `-`
--   15 number of near-duplicates that make a campaign (0: no check)   16 lifetime of a window in milliseconds
--   17 version of the block and allow entries that the verdict is based on, or `-` for no check
--   18 audit record; empty: none
--   19 `1` if the comment is a spot check once it is stored
--   20… four per limit: scope, interval in microseconds, burst, a RateLimit message without `remaining`
-- Returns one of
--   recorded, number of the tightest limit (0: none), its remaining
--   seen, current verdict
--   listed                                                   (the entries changed: evaluate the comment again)
--   undecided, verdict id, revision, facts
--   facts, facts                                             (for `look`)

local looking = ARGV[1] == 'look'
local fingerprint, body, sent_at = string.match(ARGV[2], '^(%x+) (%x+) (%d+)$')
local author, decision = ARGV[3], ARGV[4]
local FIRST_KEY, FIRST_ARG = 12, 20
local limits = #KEYS - FIRST_KEY + 1

local stored = redis.call('HMGET', KEYS[1], 's', 'r', 'f', 'o')
local old = read_standing(stored[1])
-- Earlier versions stored the fingerprint of the body alone.
local known = old and (old.fingerprint == fingerprint or old.fingerprint == body)
if old and not known then
  -- The rule of `is_outdated` in draft.rs: a text is outdated if the comment had it before and it was not sent after the
  -- current text, or if it was sent before the current text.
  local texts, stands, sent = stored[3] or '', tonumber(stored[4] or 0), tonumber(sent_at)
  if string.find(texts, fingerprint, 1, true) or string.find(texts, body, 1, true) then
    known = sent <= (stands > 0 and stands or tonumber(old.received_at))
  else
    known = sent > 0 and sent < stands
  end
end
if not looking then
  if known then
    return { 'seen', redis.call('HGET', KEYS[1], 'v') }
  end
  if stored[2] then
    local whose, id, revision, facts = string.match(stored[2], '^(%x+) (%S+) (%d+) %d+ (.*)$')
    -- After a moderator's decision on the earlier text the facts are outdated: admit the edit anew.
    if whose == fingerprint and tonumber(revision) == (old and old.revision + 1 or 1) then
      return { 'undecided', id, revision, facts }
    end
  end
end

if ARGV[17] ~= '-' and (redis.call('HGET', KEYS[9], '.') or '0') ~= ARGV[17] then
  return { 'listed' }
end

-- The generic cell rate algorithm of limit.rs, in integers below 2^53, which Lua's numbers hold exactly.
local time = now()
local remaining, wait, due, refused = {}, {}, {}, false
local arrivals = limits > 0 and redis.call('MGET', unpack(KEYS, FIRST_KEY))
for i = 1, limits do
  local at = FIRST_ARG + 4 * (i - 1)
  local interval, burst = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local window = interval * burst
  due[i] = math.max(tonumber(arrivals[i] or 0), time) + interval
  local ahead = due[i] - time
  wait[i] = math.max(0, ahead - window)
  remaining[i] = math.max(0, math.floor((window - ahead) / interval))
  refused = refused or wait[i] > 0
end
local tightest = 0
for i = 1, limits do
  if refused and wait[i] == 0 then
    -- A refused comment is not counted, so the limits that would have admitted it have one more left.
    remaining[i] = remaining[i] + 1
  end
  if tightest == 0 or remaining[i] < remaining[tightest] then
    tightest = i
  end
  if not refused and not looking then
    redis.call('SET', KEYS[FIRST_KEY + i - 1], int(due[i]), 'PX', int(math.ceil((due[i] - time) / 1000)))
  end
end

local counts
local function history()
  counts = counts or (author ~= NOBODY and redis.call('HMGET', KEYS[6], 'approved', 'held', 'rejected'))
  return counts
end

-- Near-duplicates share a band; the most frequent band gives their number.
local similar = 0
if ARGV[14] ~= '-' then
  local bands = {}
  for band in string.gmatch(ARGV[14], '%S+') do
    bands[#bands + 1] = band
  end
  local current = redis.call('HMGET', KEYS[7], unpack(bands))
  local before = redis.call('HMGET', KEYS[8], unpack(bands))
  for i, band in ipairs(bands) do
    similar = math.max(similar, tonumber(current[i] or 0) + tonumber(before[i] or 0))
  end
  -- Edits are not new comments, refused comments are not published, and a flood must not exhaust the memory.
  if not looking and not old and not refused and redis.call('HLEN', KEYS[7]) < 400000 then
    for _, band in ipairs(bands) do
      redis.call('HINCRBY', KEYS[7], band, 1)
    end
    redis.call('PEXPIRE', KEYS[7], ARGV[16])
  end
end
local campaign = tonumber(ARGV[15])
campaign = campaign > 0 and similar >= campaign

local needed, most, eased = string.match(ARGV[6], '^(%d+) (%d+) (%d+)$')
needed, most, eased = tonumber(needed), tonumber(most), tonumber(eased)
local trusted = true
if needed > 0 or most > 0 or eased > 0 then
  local past = history() or {}
  local approved, rejected = tonumber(past[1] or 0), tonumber(past[3] or 0)
  trusted = approved >= needed and (most == 0 or rejected < most or rejected < approved)
    and (eased == 0 or approved < eased)
end
if not looking and not old and trusted and not refused and not campaign then
  local verdict = ARGV[12]
  if tightest > 0 then
    -- Add field 7 of the verdict, the rate limit, whose field 2 is the remaining number. Concatenated Protobuf messages
    -- decode as one. The rate limit is shorter than 128 bytes, so its length is a single byte.
    local left, varint = remaining[tightest], ''
    while left >= 128 do
      varint, left = varint .. string.char(left % 128 + 128), math.floor(left / 128)
    end
    local message = ARGV[FIRST_ARG + 4 * (tightest - 1) + 3] .. string.char(16) .. varint .. string.char(left)
    verdict = verdict .. string.char(58, #message) .. message
  end
  if stored[2] then
    redis.call('HDEL', KEYS[1], 'r')
  end
  keep(ARGV[10], {
    fingerprint = fingerprint, decision = decision, revision = '1', by_moderator = '0', before = '0',
    received_at = time, lead = ARGV[7], author = author, spot = ARGV[19], sent_at = sent_at,
  }, read_lifetimes(ARGV[8]), KEYS[11], 'c', ARGV[11], 'v', verdict, 'p', ARGV[13])
  log(KEYS[10], ARGV[18], read_lifetimes(ARGV[8]))
  return { 'recorded', int(tightest), int(remaining[tightest] or 0) }
end

-- The format that facts.rs parses.
local told = {}
for i = 1, limits do
  local at = FIRST_ARG + 4 * (i - 1)
  told[i] = table.concat({ ARGV[at], ARGV[at + 2], int(remaining[i]), int(wait[i]) }, ':')
end
local past = history()
past = past and table.concat({ past[1] or 0, past[2] or 0, past[3] or 0 }, ':') or ''
local previous = old and not known and old.decision .. ':' .. old.by_moderator or ''
local facts = table.concat(told, ',') .. '|' .. past .. '|' .. previous .. (similar > 0 and '|' .. int(similar) or '')
if looking then
  return { 'facts', facts }
end

local revision = old and int(old.revision + 1) or '1'
redis.call('HSET', KEYS[1], 'r', table.concat({ fingerprint, ARGV[5], revision, int(time), facts }, ' '))
if not old then
  redis.call('PEXPIRE', KEYS[1], ARGV[9])
end
return { 'undecided', ARGV[5], revision, facts }
