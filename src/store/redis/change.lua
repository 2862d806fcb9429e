-- Shared by record.lua and replace.lua: replaces the current verdict and publishes the change to watchers.
--
-- KEYS of both, after those of keep.lua
--   7 trail of past verdicts   8 events   9 counts of the current text's author, as far as the caller knows
--   10 unsealed audit records

-- Removes the current verdict from the queue and the counts, and appends it to the trail as three elements.
local function retire(id, old, spots)
  local fields = redis.call('HMGET', KEYS[1], 'v', 'e')
  redis.call('RPUSH', KEYS[7], old.text, fields[1], fields[2] or '')
  -- MAX_PAST_VERDICTS of draft.rs, with three elements each.
  redis.call('LTRIM', KEYS[7], -3 * 100, -1)
  if old.decision == HOLD then
    redis.call('ZREM', KEYS[4], id)
    redis.call('ZREM', KEYS[5], id)
  end
  redis.call('ZREM', spots, id)
  -- Counts that expired in the meantime must not become negative.
  if old.author ~= NOBODY and redis.call('HINCRBY', KEYS[9], COUNT[old.decision], -1) < 0 then
    redis.call('HSET', KEYS[9], COUNT[old.decision], 0)
  end
end

-- Appends the earlier persons that are not yet in `persons`.
local function join(earlier, persons)
  for person in string.gmatch(earlier, '%x+') do
    if not string.find(persons, person, 1, true) then
      persons = persons .. ' ' .. person
    end
  end
  return persons
end

-- Call after `keep`: gives the trail the lifetime of its comment, and adds the verdict to the events. `most` is the maximum
-- number of events.
local function announce(decision, verdict, lifetimes, most)
  if decision == HOLD then
    redis.call('PERSIST', KEYS[7])
  else
    redis.call('PEXPIRE', KEYS[7], lifetimes.comment)
    if redis.call('EXISTS', KEYS[4]) == 0 then
      -- No comment is held any more, so the indexes may expire.
      redis.call('PEXPIRE', KEYS[2], lifetimes.indexes)
      redis.call('PEXPIRE', KEYS[3], lifetimes.indexes)
    end
  end
  -- Has no effect for an unknown author, because that key does not exist.
  redis.call('PEXPIRE', KEYS[9], lifetimes.author)
  local event = redis.call('XADD', KEYS[8], 'MAXLEN', '~', most, '*', 'v', verdict)
  redis.call('HSET', KEYS[1], 'x', (redis.call('HGET', KEYS[1], 'x') or '') .. ' ' .. event)
  -- Changes are rare, so trimming exactly is affordable.
  redis.call('XTRIM', KEYS[8], 'MINID', '=', int(math.max(0, now() / 1000 - lifetimes.events)))
  redis.call('PEXPIRE', KEYS[8], lifetimes.events)
end
