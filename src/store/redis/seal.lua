-- Moves unsealed audit records into the hash chain. The caller has hashed them, starting from the end of the chain that it
-- read. Of several concurrent callers only the first succeeds.
--
-- KEYS
--   1 unsealed audit records   2 audit
-- ARGV
--   1 end of the chain as the caller read it; empty: none   2 new end
--   3 number of records   4 lifetime of the audit in milliseconds   5… two per record: its number and its row
-- Returns `sealed` or `moved`

if (redis.call('HGET', KEYS[2], 'newest') or '') ~= ARGV[1] then
  return { 'moved' }
end
for i = 5, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[2], 'newest', ARGV[2])
redis.call('LTRIM', KEYS[1], ARGV[3], -1)
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return { 'sealed' }
