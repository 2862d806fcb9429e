-- Records the verdict on a comment that was admitted undecided, unless the same text already has a verdict or the comment was
-- edited in the meantime.
--
-- ARGV
--   1 fingerprint and time of sending according to the host (0: unknown), separated by a space
--   2 author   3 decision   4 revision   5 by_moderator   6 risk lead   7 lifetimes
--   8 maximum number of events   9 comment id   10 comment   11 verdict
--   12 author of the current text, as far as the caller knows
--   13 hashes of the sender, separated by spaces   14 audit record without the previous decision; empty: none
--   15 bytes that turn the audit record into that of an edit   16 `1` if the comment is a spot check
-- KEYS after those of change.lua
--   11 index of spot checks
-- Returns one of
--   kept
--   earlier, current verdict
--   edited                                    (a newer text determines the verdict)
--   moved                                     (a moderator decided on the earlier text: admit the comment again)
--   author, author of the current text        (call again with that author's counts as KEYS[9])

local MOST_TEXTS = 100
local fingerprint, sent_at = string.match(ARGV[1], '^(%x+) (%d+)$')
local id, lifetimes = ARGV[9], read_lifetimes(ARGV[7])
local stored = redis.call('HMGET', KEYS[1], 's', 'r', 'p', 'f')
local old = read_standing(stored[1])
if old and old.fingerprint == fingerprint then
  return { 'earlier', redis.call('HGET', KEYS[1], 'v') }
end
local whose, received_at = string.match(stored[2] or '', '^(%x+) %S+ %d+ (%d+) ')
if whose and whose ~= fingerprint then
  return { 'edited' }
end
if old and tonumber(ARGV[4]) ~= old.revision + 1 then
  -- Every edit removes the reservation, a moderator's decision does not.
  return { whose and 'moved' or 'edited' }
end
-- Without a reservation, it has expired or Redis lost it. Record the verdict all the same.
received_at = received_at or now()
if old and old.author ~= ARGV[12] then
  return { 'author', old.author }
end

local persons = ARGV[13]
if old then
  persons = join(stored[3] or old.author, persons)
  retire(id, old, KEYS[11])
end
redis.call('HDEL', KEYS[1], 'r', 'e', 'o')
if old then
  -- Keep only the newest fingerprints. A text from before that many edits is decided anew.
  local texts = (stored[4] or '') .. ' ' .. old.fingerprint
  redis.call('HSET', KEYS[1], 'f', string.sub(texts, -33 * MOST_TEXTS))
end
keep(id, {
  fingerprint = fingerprint, decision = ARGV[3], revision = ARGV[4], by_moderator = ARGV[5],
  before = old and old.decision or '0', received_at = received_at, lead = ARGV[6], author = ARGV[2],
  spot = ARGV[16], sent_at = sent_at,
}, lifetimes, KEYS[11], 'c', ARGV[10], 'v', ARGV[11], 'p', persons)
local act = ARGV[14]
if old then
  announce(ARGV[3], ARGV[11], lifetimes, ARGV[8])
  -- Add field 6, a varint: the previous decision. Concatenated Protobuf messages decode as one.
  act = act ~= '' and act .. string.char(48, tonumber(old.decision)) .. ARGV[15] or ''
end
log(KEYS[10], act, lifetimes)
return { 'kept' }
