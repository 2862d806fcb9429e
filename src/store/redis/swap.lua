-- Puts another value in the place of one that is still there, and records the act.
--
-- KEYS   1 the key   2 acts that are not in the audit's chain yet
-- ARGV   1 the old value   2 the new one   3 the act   4 milliseconds to keep it
-- Returns `swapped` or `moved`

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'moved' }
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return { 'swapped' }
