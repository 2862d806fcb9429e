-- Replaces the stored comment if its verdict still has the expected revision.
--
-- KEYS   1 hash of the comment
-- ARGV   1 expected revision   2 comment
-- Returns `kept` or `moved`

local revision = string.match(redis.call('HGET', KEYS[1], 's') or '', '^%x+ %d (%d+) ')
if revision ~= ARGV[1] then
  return { 'moved' }
end
redis.call('HSET', KEYS[1], 'c', ARGV[2])
return { 'kept' }
