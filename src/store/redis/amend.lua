-- Sets and removes fields of a hash that has a version in its field `.`, and adds the audit record in the same step.
--
-- KEYS
--   1 hash   2 unsealed audit records
-- ARGV
--   1 version that the hash must have; empty: any   2 audit record; empty: none
--   3 lifetime of the audit record in milliseconds   4 number of fields to set   5… two per field: its name and its value
--   then the names of the fields to remove
-- Returns one of
--   moved                      (the hash has another version)
--   amended, number of removed fields

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
-- An update that changes nothing is not audited.
if puts + removed > 0 then
  redis.call('HINCRBY', KEYS[1], '.', 1)
  if ARGV[2] ~= '' then
    redis.call('RPUSH', KEYS[2], ARGV[2])
    redis.call('PEXPIRE', KEYS[2], ARGV[3])
  end
end
return { 'amended', string.format('%.0f', removed) }
