-- Records the verdict on a comment that was admitted undecided, unless one on the same body stands already or the
-- comment was edited meanwhile.
--
-- ARGV
--   1 fingerprint, and when the host says that it was sent (0: it does not), with a blank between   2 author   3 decision   4 revision   5 by_moderator   6 lead   7 lifetimes
--   8 most events   9 comment id   10 comment   11 verdict   12 author of what stands, as far as the caller knows
--   13 who sent it, with blanks between   14 the act for the audit, without what stood before; empty: none
--   15 what makes it the act of an edit   16 `1`: it is a spot check
-- One more of KEYS
--   11 the index of spot checks
-- Returns one of
--   kept
--   earlier, the verdict that stands
--   edited                                    (a newer body decides what stands)
--   author, author of what stands             (call again with that author's counts as KEYS[9])

local MOST_TEXTS = 100
local fingerprint, sent_at = string.match(ARGV[1], '^(%x+) (%d+)$')
local id, lifetimes = ARGV[9], read_lifetimes(ARGV[7])
local stored = redis.call('HMGET', KEYS[1], 's', 'r', 'p', 'f')
local old = read_standing(stored[1])
if old and old.fingerprint == fingerprint then
  return { 'earlier', redis.call('HGET', KEYS[1], 'v') }
end
local whose, received_at = string.match(stored[2] or '', '^(%x+) %S+ %d+ (%d+) ')
if whose ~= fingerprint then
  if old or whose then
    return { 'edited' }
  end
  -- The reservation has expired, or Redis lost it: better kept late than not.
  received_at = now()
end
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
  -- The newest: a text that is older than so many edits is decided anew.
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
  -- Field 6, a varint: the decision before. Protobuf messages that follow each other are read as one.
  act = act ~= '' and act .. string.char(48, tonumber(old.decision)) .. ARGV[15] or ''
end
log(KEYS[10], act, lifetimes)
return { 'kept' }
