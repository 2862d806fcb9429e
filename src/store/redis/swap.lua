-- Puts another value in the place of one that is still there.
--
-- KEYS   1 the key
-- ARGV   1 the old value   2 the new one
-- Returns `swapped` or `moved`

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'moved' }
end
redis.call('SET', KEYS[1], ARGV[2])
return { 'swapped' }
