-- Rewrites a site's events, some at a time: Redis only marks a deleted event, and keeps its bytes for as long as others
-- stand in the same node of the stream. The copy knows how far it is, so that any number of callers may help, and one
-- may go on where another was cut short. Its last step puts it in the place of the original.
--
-- KEYS
--   1 the events   2 the events as they are being rewritten
-- ARGV
--   1 how many at a time   2 milliseconds to keep a copy that nobody finishes
-- Returns one of
--   clean                                     (no bytes of deleted events are left)
--   more
--   done                                      (ask again: events may have been deleted from the copy, too)

local function info(key, name)
  local told = redis.call('XINFO', 'STREAM', key)
  for i = 1, #told, 2 do
    if told[i] == name then
      return told[i + 1]
    end
  end
end

local events, copy = KEYS[1], KEYS[2]
local started = redis.call('EXISTS', copy) == 1
if redis.call('EXISTS', events) == 0 then
  redis.call('DEL', copy)
  return { 'clean' }
end
-- Before Redis 7 a stream does not tell whether any of it was deleted: then it is rewritten once.
local deleted = info(events, 'max-deleted-entry-id')
if not started and deleted == '0-0' then
  return { 'clean' }
end

local from = started and '(' .. info(copy, 'last-generated-id') or '-'
local entries = redis.call('XRANGE', events, from, '+', 'COUNT', ARGV[1])
for _, entry in ipairs(entries) do
  redis.call('XADD', copy, entry[1], unpack(entry[2]))
end
if #entries == tonumber(ARGV[1]) then
  redis.call('PEXPIRE', copy, ARGV[2])
  return { 'more' }
end

-- An event must never come before one that a watcher has seen, even if the clock is set back.
local last, left = info(events, 'last-generated-id'), redis.call('PTTL', events)
-- How many there ever were tells whoever watches whether some were forgotten. Before Redis 7 nothing tells.
local added = info(events, 'entries-added')
if redis.call('EXISTS', copy) == 0 then
  redis.call('DEL', events)
  return { 'clean' }
end
redis.call('RENAME', copy, events)
if added then
  redis.call('XSETID', events, last, 'ENTRIESADDED', added, 'MAXDELETEDID', '0-0')
else
  redis.call('XSETID', events, last)
end
if left > 0 then
  redis.call('PEXPIRE', events, left)
else
  redis.call('PERSIST', events)
end
return { deleted and 'done' or 'clean' }
