-- Forgets the oldest records of the audit, unless another server has done so meanwhile.
--
-- KEYS   1 the audit
-- ARGV   1 the newest forgotten record as the caller saw it; empty: none   2 the same afterwards
--        3 the first number to forget   4 the last
-- Returns `cut` or `moved`

if (redis.call('HGET', KEYS[1], 'forgotten') or '') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'newest') == 0 then
  return { 'moved' }
end
redis.call('HSET', KEYS[1], 'forgotten', ARGV[2])
for number = tonumber(ARGV[3]), tonumber(ARGV[4]) do
  redis.call('HDEL', KEYS[1], string.format('%.0f', number))
end
return { 'cut' }
