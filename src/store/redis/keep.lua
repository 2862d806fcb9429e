-- What admit, record and replace share: how a comment is kept, and how it moves between indexes and counts.
-- Each of the three is loaded with this text in front of it.
--
-- The hash of a comment
--   s  what stands: fingerprint decision revision by_moderator before received_at lead author, with blanks between;
--      times in microseconds, decisions numbered as on the wire, author `-` if unknown
--   p  who sent it: keyed hashes of user id, e-mail and IP that any text of it came from, with blanks between
--   x  its events: their ids, with blanks between
--   f  the fingerprints of texts that it had before, with blanks between
--   o  when the host says that what stands was sent, in microseconds; absent: it does not say
--   c  the comment    v  the verdict    e  the act that led to it; absent: the machine's
--   r  a reservation: fingerprint verdict_id revision received_at facts, with blanks between
--
-- KEYS of all three
--   1 the comment   2 all by time   3 all by risk   4 held by time   5 held by risk   6 the author's counts

local HOLD = '2'
local COUNT = { ['1'] = 'approved', ['2'] = 'held', ['3'] = 'rejected' }
local NOBODY = '-'
local MOST_SPOTS = 1000

-- Lua would write a time with an exponent.
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

-- For how long things are kept, in milliseconds with blanks between: the comment as it is decided, its author's counts,
-- the events, the indexes.
local function read_lifetimes(text)
  local comment, author, events, indexes = string.match(text, '^(%d+) (%d+) (%d+) (%d+)$')
  return { comment = comment, author = author, events = events, indexes = indexes }
end

-- Adds an act to those that wait to be put into the audit's chain. Empty: it is none.
local function log(unsealed, record, lifetimes)
  if record ~= '' then
    redis.call('RPUSH', unsealed, record)
    redis.call('PEXPIRE', unsealed, lifetimes.indexes)
  end
end

-- Keeps a comment with what stands on it. `spots` is the index of spot checks, which it is put into if `s.spot` is '1'; the
-- rest are more fields of its hash and their values.
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
    -- A held comment waits for as long as it takes, and so do the indexes it is in. `upkeep.lua` ends those of a site
    -- that holds none: here that would cost every comment three commands.
    for i = 1, 3 do
      redis.call('PERSIST', KEYS[i])
    end
  else
    redis.call('PEXPIRE', KEYS[1], lifetimes.comment)
  end
  if s.spot == '1' then
    redis.call('ZADD', spots, received_at, id)
    -- Nobody looks at more than the newest.
    redis.call('ZREMRANGEBYRANK', spots, 0, -MOST_SPOTS - 1)
    redis.call('PEXPIRE', spots, lifetimes.comment)
  end
  if s.author ~= NOBODY then
    redis.call('HINCRBY', KEYS[6], COUNT[s.decision], 1)
    redis.call('PEXPIRE', KEYS[6], lifetimes.author)
  end
end
