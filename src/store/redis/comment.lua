-- Puts another text of a comment in the place of the one that is kept, if its verdict is still at the expected revision.
--
-- KEYS   1 the comment
-- ARGV   1 the expected revision   2 the comment
-- Returns `kept` or `moved`

local revision = string.match(redis.call('HGET', KEYS[1], 's') or '', '^%x+ %d (%d+) ')
if revision ~= ARGV[1] then
  return { 'moved' }
end
redis.call('HSET', KEYS[1], 'c', ARGV[2])
return { 'kept' }
