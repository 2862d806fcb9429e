-- Puts and removes fields of a hash that has a version in its field `.`, and records the act in the same step.
--
-- KEYS
--   1 the hash   2 acts that are not in the audit's chain yet
-- ARGV
--   1 the version that the hash must have; empty: any   2 the act; empty: none is recorded
--   3 milliseconds to keep the act   4 how many fields to put   5… two per field: its name and its value
--   then the names of the fields to remove
-- Returns one of
--   moved                      (the version is another)
--   amended, how many were removed

if ARGV[1] ~= '' and (redis.call('HGET', KEYS[1], '.') or '0') ~= ARGV[1] then
  return { 'moved' }
end
local puts, removed = tonumber(ARGV[4]), 0
for i = 5, 4 + 2 * puts, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
for i = 5 + 2 * puts, #ARGV do
  removed = removed + redis.call('HDEL', KEYS[1], ARGV[i])
end
-- What changed nothing is no act.
if puts + removed > 0 then
  redis.call('HINCRBY', KEYS[1], '.', 1)
  if ARGV[2] ~= '' then
    redis.call('RPUSH', KEYS[2], ARGV[2])
    redis.call('PEXPIRE', KEYS[2], ARGV[3])
  end
end
return { 'amended', string.format('%.0f', removed) }
