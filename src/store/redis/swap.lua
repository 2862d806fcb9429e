-- Replaces a value if it is still the old one, and adds the audit record.
--
-- KEYS   1 key of the value   2 unsealed audit records
-- ARGV   1 old value   2 new value   3 audit record   4 lifetime of the audit record in milliseconds
-- Returns `swapped` or `moved`

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'moved' }
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return { 'swapped' }
