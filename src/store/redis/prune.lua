-- Takes comments that have expired out of the indexes, which outlive them.
--
-- KEYS
--   1 all by time   2 all by risk   3… the comments
-- ARGV
--   1… their ids, in the same order

for i, id in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[2 + i]) == 0 then
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
  end
end
return {}
