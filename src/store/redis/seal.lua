-- Moves acts that were recorded into the chain: the caller has hashed them, from the end of the chain that it saw on. Of
-- several that do so at once the first succeeds.
--
-- KEYS
--   1 acts that are not in the chain yet   2 the audit
-- ARGV
--   1 the end of the chain as the caller saw it; empty: there is none   2 the new end
--   3 how many acts   4 milliseconds to keep the audit   5… two per act: its number, and its row
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
