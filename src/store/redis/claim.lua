-- Gives a comment to a moderator, or makes it free.
--
-- KEYS   1 the claim   2 the claims of this moderator: ids by when each ends, in milliseconds
-- ARGV   1 the moderator; empty: whoever's it is   2 for how many milliseconds; 0: makes it free
--        3 `1` if what the moderator holds already is given again   4 the comment's id
--        5 how many comments a moderator may hold   6 with what the names of keys like KEYS[2] begin; the moderator follows
-- Returns `granted` with the milliseconds, `taken` with by whom and for how many more, `full`, or `free`

local who = redis.call('GET', KEYS[1])
if ARGV[2] == '0' then
  if who and (ARGV[1] == '' or who == ARGV[1]) then
    redis.call('DEL', KEYS[1])
    -- In the slot of KEYS[1], since its name begins alike.
    redis.call('ZREM', ARGV[6] .. who, ARGV[4])
  end
  return { 'free' }
end
if who and not (who == ARGV[1] and ARGV[3] == '1') then
  return { 'taken', who, tostring(redis.call('PTTL', KEYS[1])) }
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if not who and redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then
  return { 'full' }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[4])
local latest = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[2], latest[2])
return { 'granted', ARGV[2] }
