-- Teaches without an act on a comment. Loaded with teach.lua in front of it.
--
-- KEYS   1 the log of outcomes   2 acts that are not in the audit's chain yet
-- ARGV   1 name of a record to take back; empty: none   2 name of one to add; empty: none   3 that record
--        4 milliseconds to keep the log   5 a name for a new log   6 the act; empty: none   7 milliseconds to keep it
-- Returns `taught`

teach(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
if ARGV[6] ~= '' then
  redis.call('RPUSH', KEYS[2], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[7])
end
return { 'taught' }
