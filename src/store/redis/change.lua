-- What record and replace share: puts a verdict in the place of the one that stands, and tells watchers.
--
-- More KEYS of both
--   7 the trail   8 the events   9 the counts of the author of what stands, as far as the caller knows
--   10 the acts that are not in the audit yet

-- Takes what stands out of the queue and the counts, and adds it to the trail: three elements each time.
local function retire(id, old, spots)
  local fields = redis.call('HMGET', KEYS[1], 'v', 'e')
  redis.call('RPUSH', KEYS[7], old.text, fields[1], fields[2] or '')
  -- As many as record.rs says, three elements each.
  redis.call('LTRIM', KEYS[7], -3 * 100, -1)
  if old.decision == HOLD then
    redis.call('ZREM', KEYS[4], id)
    redis.call('ZREM', KEYS[5], id)
  end
  redis.call('ZREM', spots, id)
  -- Counts that were forgotten, since nothing moved for long, do not fall below none.
  if old.author ~= NOBODY and redis.call('HINCRBY', KEYS[9], COUNT[old.decision], -1) < 0 then
    redis.call('HSET', KEYS[9], COUNT[old.decision], 0)
  end
end

-- Who sends the edit, and behind them who sent what stands.
local function join(earlier, persons)
  for person in string.gmatch(earlier, '%x+') do
    if not string.find(persons, person, 1, true) then
      persons = persons .. ' ' .. person
    end
  end
  return persons
end

-- After `keep`: gives the trail the lifetime of its comment, and adds the verdict to the events.
local function announce(decision, verdict, lifetimes, most)
  if decision == HOLD then
    redis.call('PERSIST', KEYS[7])
  else
    redis.call('PEXPIRE', KEYS[7], lifetimes.comment)
    if redis.call('EXISTS', KEYS[4]) == 0 then
      -- Nothing is held any more, so that the indexes may end.
      redis.call('PEXPIRE', KEYS[2], lifetimes.indexes)
      redis.call('PEXPIRE', KEYS[3], lifetimes.indexes)
    end
  end
  -- Does nothing for an author who is not known: there is no such key.
  redis.call('PEXPIRE', KEYS[9], lifetimes.author)
  local event = redis.call('XADD', KEYS[8], 'MAXLEN', '~', most, '*', 'v', verdict)
  redis.call('HSET', KEYS[1], 'x', (redis.call('HGET', KEYS[1], 'x') or '') .. ' ' .. event)
  -- Changes are rare, so that the old ones can be cut off exactly.
  redis.call('XTRIM', KEYS[8], 'MINID', '=', int(math.max(0, now() / 1000 - lifetimes.events)))
  redis.call('PEXPIRE', KEYS[8], lifetimes.events)
end
