-- Grants or releases a moderator's claim on a comment.
--
-- KEYS   1 claim   2 claims of this moderator: comment ids by time of expiry in milliseconds
-- ARGV   1 moderator; empty to release a claim of any moderator   2 duration in milliseconds; 0 to release
--        3 `1` to renew a claim that the moderator already holds   4 comment id
--        5 maximum number of claims per moderator   6 common prefix of keys like KEYS[2], followed there by the moderator
-- Returns `granted` and the milliseconds; `taken`, the moderator and the remaining milliseconds; `full`; or `free`

local who = redis.call('GET', KEYS[1])
if ARGV[2] == '0' then
  if who and (ARGV[1] == '' or who == ARGV[1]) then
    redis.call('DEL', KEYS[1])
    -- This key is in the slot of KEYS[1], because both contain the same braces.
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
