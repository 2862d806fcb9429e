-- Keeps a site's indexes small: removes expired comments from them, and lets the indexes themselves expire if no comment is
-- held.
--
-- KEYS
--   1 all by time   2 all by risk   3 held by time   4… hashes of comments that may have expired
-- ARGV
--   1 lifetime of the indexes in milliseconds   2… ids of the comments, in the order of their keys

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
