-- Replaces the current verdict if it still has the expected revision.
--
-- ARGV
--   1 expected revision   2 decision   3 revision   4 by_moderator   5 risk lead   6 lifetimes
--   7 maximum number of events   8 comment id   9 verdict   10 audit event
--   11 author of the current text, as far as the caller knows
--   12 to 16 arguments of `teach` after the key; see teach.lua   17 `1` if the comment is a spot check again
-- KEYS after those of change.lua
--   11 outcome log   12 index of spot checks
-- Returns one of
--   kept
--   moved                                     (the verdict has another revision, or the comment is gone)
--   author, author of the current text        (call again with that author's counts as KEYS[6] and KEYS[9])

local id, lifetimes = ARGV[8], read_lifetimes(ARGV[6])
local old = read_standing(redis.call('HGET', KEYS[1], 's'))
if not old or old.revision ~= ARGV[1] then
  return { 'moved' }
end
if old.author ~= ARGV[11] then
  return { 'author', old.author }
end

retire(id, old, KEYS[12])
keep(id, {
  fingerprint = old.fingerprint, decision = ARGV[2], revision = ARGV[3], by_moderator = ARGV[4],
  before = old.decision, received_at = old.received_at, lead = ARGV[5], author = old.author,
  spot = ARGV[17],
}, lifetimes, KEYS[12], 'v', ARGV[9], 'e', ARGV[10])
announce(ARGV[2], ARGV[9], lifetimes, ARGV[7])
log(KEYS[10], ARGV[10], lifetimes)
teach(KEYS[11], ARGV[12], ARGV[13], ARGV[14], ARGV[15], ARGV[16])
return { 'kept' }
