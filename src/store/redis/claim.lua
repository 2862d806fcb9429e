-- Gives a comment to a moderator, or makes it free.
--
-- KEYS   1 the claim
-- ARGV   1 the moderator; empty: whoever's it is   2 for how many milliseconds; 0: makes it free
--        3 `1` if what the moderator holds already is given again
-- Returns `granted` with the milliseconds, `taken` with by whom and for how many more, or `free`

local who = redis.call('GET', KEYS[1])
if ARGV[2] == '0' then
  if who and (ARGV[1] == '' or who == ARGV[1]) then
    redis.call('DEL', KEYS[1])
  end
  return { 'free' }
end
if who and not (who == ARGV[1] and ARGV[3] == '1') then
  return { 'taken', who, tostring(redis.call('PTTL', KEYS[1])) }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return { 'granted', ARGV[2] }
