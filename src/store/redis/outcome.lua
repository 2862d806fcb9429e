-- Updates the outcome log without changing a comment. teach.lua is prepended.
--
-- KEYS   1 outcome log   2 unsealed audit records
-- ARGV   1 name of a record to remove; empty: none   2 name of a record to add; empty: none   3 that record
--        4 lifetime of the log in milliseconds   5 id for a new log   6 audit record; empty: none
--        7 lifetime of the audit record in milliseconds
-- Returns `taught`

teach(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
if ARGV[6] ~= '' then
  redis.call('RPUSH', KEYS[2], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[7])
end
return { 'taught' }
