-- Erases some comments of a person, each with its verdicts, index entries and events.
-- keep.lua is prepended for its names and for parsing the field `s`; the KEYS differ from those described there.
--
-- KEYS
--   1 all by time   2 all by risk   3 held by time   4 held by risk   5 events
--   6 copy of the events that is being made   7 index of spot checks
--   8… three per comment: its hash, its trail, the counts of its author
-- ARGV
--   1 hash of the person   2… two per comment: its id, and its author as far as the caller knows
-- Returns
--   erased, numbers of comments, verdicts, events, histories, and comments whose author changed in the meantime

local FIRST_KEY, FIRST_ARG = 8, 2
local person = ARGV[1]
local comments, verdicts, events, histories, moved = 0, 0, 0, 0, 0

for i = 0, (#KEYS - FIRST_KEY + 1) / 3 - 1 do
  local comment, trail, counts = unpack(KEYS, FIRST_KEY + 3 * i, FIRST_KEY + 3 * i + 2)
  local id, author = ARGV[FIRST_ARG + 2 * i], ARGV[FIRST_ARG + 2 * i + 1]
  local fields = redis.call('HMGET', comment, 's', 'p', 'x')
  local old = read_standing(fields[1])
  -- The comment is someone else's if the same id was erased and sent again in the meantime.
  if old and string.find(fields[2] or old.author, person, 1, true) then
    if old.author ~= author then
      moved = moved + 1
    else
      for event in string.gmatch(fields[3] or '', '%S+') do
        events = events + redis.call('XDEL', KEYS[5], event)
        redis.call('XDEL', KEYS[6], event)
      end
      comments = comments + 1
      verdicts = verdicts + 1 + redis.call('LLEN', trail) / 3
      redis.call('DEL', comment, trail)
      for index = 1, 4 do
        redis.call('ZREM', KEYS[index], id)
      end
      redis.call('ZREM', KEYS[7], id)
      if author ~= NOBODY and redis.call('EXISTS', counts) == 1 then
        if redis.call('HINCRBY', counts, COUNT[old.decision], -1) < 0 then
          redis.call('HSET', counts, COUNT[old.decision], 0)
        end
        local left = redis.call('HMGET', counts, 'approved', 'held', 'rejected')
        if tonumber(left[1] or 0) + tonumber(left[2] or 0) + tonumber(left[3] or 0) == 0 then
          histories = histories + redis.call('DEL', counts)
        end
      end
    end
  end
end
return { 'erased', int(comments), int(verdicts), int(events), int(histories), int(moved) }
