-- Drops the oldest records of the audit, unless another server did so in the meantime.
--
-- KEYS   1 audit
-- ARGV   1 position of the newest dropped record as the caller read it; empty: none   2 its new value
--        3 number of the first record to drop   4 number of the last
-- Returns `cut` or `moved`

if (redis.call('HGET', KEYS[1], 'forgotten') or '') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'newest') == 0 then
  return { 'moved' }
end
redis.call('HSET', KEYS[1], 'forgotten', ARGV[2])
for number = tonumber(ARGV[3]), tonumber(ARGV[4]) do
  redis.call('HDEL', KEYS[1], string.format('%.0f', number))
end
return { 'cut' }
