-- Shared by admit.lua, record.lua and replace.lua: stores a comment and updates indexes and counts. This file is prepended to
-- each of the three, and to erase.lua.
--
-- Fields of a comment's hash; values with several parts are separated by spaces
--   s  current state: fingerprint decision revision by_moderator before received_at lead author;
--      times in microseconds, decisions numbered as on the wire, author `-` if unknown
--   p  senders: keyed hashes of the user ids, e-mail addresses and IP addresses under which any text was sent
--   x  ids of its events
--   f  fingerprints of earlier texts
--   o  time at which the current text was sent according to the host, in microseconds; absent: unknown
--   c  comment    v  current verdict    e  audit event of the act that led to it; absent for verdicts of the machine
--   r  reservation: fingerprint verdict_id revision received_at facts
--
-- KEYS of admit.lua, record.lua and replace.lua
--   1 comment   2 all by time   3 all by risk   4 held by time   5 held by risk   6 counts of the author

local HOLD = '2'
local COUNT = { ['1'] = 'approved', ['2'] = 'held', ['3'] = 'rejected' }
local NOBODY = '-'
local MOST_SPOTS = 1000

-- Formats a whole number. Lua would write large numbers with an exponent.
local function int(number)
  return string.format('%.0f', number)
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function read_standing(text)
  if not text then
    return nil
  end
  local s = { text = text }
  s.fingerprint, s.decision, s.revision, s.by_moderator, s.before, s.received_at, s.lead, s.author =
    string.match(text, '^(%x+) (%d) (%d+) (%d) (%d) (%d+) (%d+) (%S+)$')
  return s
end

-- Parses lifetimes in milliseconds: of the comment under its decision, of its author's counts, of the events, of the indexes.
local function read_lifetimes(text)
  local comment, author, events, indexes = string.match(text, '^(%d+) (%d+) (%d+) (%d+)$')
  return { comment = comment, author = author, events = events, indexes = indexes }
end

-- Adds a record to the unsealed audit records. Does nothing if it is empty.
local function log(unsealed, record, lifetimes)
  if record ~= '' then
    redis.call('RPUSH', unsealed, record)
    redis.call('PEXPIRE', unsealed, lifetimes.indexes)
  end
end

-- Stores a comment with its current state. `spots` is the index of spot checks, to which the comment is added if `s.spot` is
-- '1'. The remaining arguments are further fields of the hash with their values.
local function keep(id, s, lifetimes, spots, ...)
  local received_at = int(s.received_at)
  local by_risk = int(s.received_at - s.lead)
  local text = table.concat({
    s.fingerprint, s.decision, s.revision, s.by_moderator, s.before, received_at, s.lead, s.author,
  }, ' ')
  redis.call('HSET', KEYS[1], 's', text, ...)
  if s.sent_at and s.sent_at ~= '0' then
    redis.call('HSET', KEYS[1], 'o', s.sent_at)
  end
  redis.call('ZADD', KEYS[2], received_at, id)
  redis.call('ZADD', KEYS[3], by_risk, id)
  if s.decision == HOLD then
    redis.call('ZADD', KEYS[4], received_at, id)
    redis.call('ZADD', KEYS[5], by_risk, id)
    -- Held comments do not expire, and neither do their indexes. `upkeep.lua` sets the expiry again for a site without held
    -- comments; doing that here would cost three commands per comment.
    for i = 1, 3 do
      redis.call('PERSIST', KEYS[i])
    end
  else
    redis.call('PEXPIRE', KEYS[1], lifetimes.comment)
  end
  if s.spot == '1' then
    redis.call('ZADD', spots, received_at, id)
    -- Only the newest spot checks are kept.
    redis.call('ZREMRANGEBYRANK', spots, 0, -MOST_SPOTS - 1)
    redis.call('PEXPIRE', spots, lifetimes.comment)
  end
  if s.author ~= NOBODY then
    redis.call('HINCRBY', KEYS[6], COUNT[s.decision], 1)
    redis.call('PEXPIRE', KEYS[6], lifetimes.author)
  end
end
