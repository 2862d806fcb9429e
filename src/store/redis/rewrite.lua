-- Rewrites a site's events in chunks. Redis only marks a deleted event, and keeps its bytes as long as there are other events
-- in the same node of the stream. The copy itself records the progress, so several callers may work on it concurrently, and
-- one may continue after another was interrupted. The last step replaces the original by the copy.
--
-- KEYS
--   1 events   2 copy of the events that is being made
-- ARGV
--   1 number of events per call   2 lifetime of an unfinished copy in milliseconds
-- Returns one of
--   clean                                     (no bytes of deleted events are left)
--   more                                      (call again: the copy is not finished)
--   done                                      (call again: events may have been deleted from the copy too)

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
-- Before Redis 7, a stream does not report whether events were deleted, so it is rewritten once.
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

-- Restore the last id, so that new events come after those that watchers have seen even if the clock is set back.
local last, left = info(events, 'last-generated-id'), redis.call('PTTL', events)
-- Restore the number of events ever added, from which watchers conclude whether some were dropped (from Redis 7 on).
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
