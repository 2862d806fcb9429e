-- Adds to a site's log of outcomes, and takes from it. Loaded in front of what does so together with an act.
--
-- The hash of a log
--   newest  the number of the newest record that there ever was    gone  how many are there no more
--   first  the number of the first record that is left, as of the last trim; absent: 1
--   from, to  behind which number learning begins and with which it ends; absent: with the first, and it goes on
--   born  a name that no other log has
--   a number  the record    a name, which holds a colon  the number of the record

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
