-- Adds records to a site's outcome log and removes them. Prepended to the scripts that update the log.
--
-- Fields of a log's hash
--   newest  number of the newest record ever added    gone  number of removed records
--   first  number of the first remaining record, as of the last trim; absent: 1
--   from, to  learning uses the records after `from`, up to and including `to`; absent: no bound
--   born  unique id of the log
--   a number: the record with that number    a name, which contains a colon: the number of the record with that name

local function teach(outcomes, removed, added, record, lifetime, born)
  if removed == '' and added == '' then
    return
  end
  for _, name in ipairs({ removed, added }) do
    local number = name ~= '' and redis.call('HGET', outcomes, name)
    if number then
      redis.call('HDEL', outcomes, name, number)
      redis.call('HINCRBY', outcomes, 'gone', 1)
    end
  end
  if added ~= '' then
    redis.call('HSETNX', outcomes, 'born', born)
    local number = string.format('%.0f', redis.call('HINCRBY', outcomes, 'newest', 1))
    redis.call('HSET', outcomes, added, number, number, record)
  end
  redis.call('PEXPIRE', outcomes, lifetime)
end
