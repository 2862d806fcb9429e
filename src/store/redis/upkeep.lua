-- Keeps a site's indexes small: takes comments that have expired out of them, and lets them end as a whole when nothing
-- is held any more.
--
-- KEYS
--   1 all by time   2 all by risk   3 held by time   4… comments that may have expired
-- ARGV
--   1 milliseconds to keep the indexes   2… the comments' ids, in the order of their keys

for i = 4, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then
    redis.call('ZREM', KEYS[1], ARGV[i - 2])
    redis.call('ZREM', KEYS[2], ARGV[i - 2])
  end
end
if redis.call('EXISTS', KEYS[3]) == 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return {}
