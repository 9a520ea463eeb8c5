/**
 * What every part of the script stands on: the server's time, its identity, names of keys, time that never runs back.
 *
 * KEYS[1] names the slot; ARGV[1] is what all keys begin with, ARGV[2] the items as JSON, ARGV[3] bounds as JSON. All keys of
 * an item lie in its partition, and so in one slot.
 */
export const BASE = `
local STALE, REPLAYED, STALE_NONCE, ENTRY, LIMIT, ORDER, NOT_SERVED = 1, 2, 3, 4, 5, 6, 7
local CROWD, ENDED, YOUNG = 8, 9, 10


-- A tenure: one process as one master, since it became that. Restart and promotion begin another, and what the one before
-- had acknowledged may be missing in it.
local replication = redis.call('INFO', 'replication')
local stamp = string.match(replication, 'master_replid:(%x+)')
if not stamp or not string.find(replication, 'role:master', 1, true) then
  return redis.error_reply('READONLY this server is no master')
end
stamp = string.sub(stamp, 1, 16)

local time = redis.call('TIME')
local bounds = cjson.decode(ARGV[3])
local base, wall, now

local function key(kind, id) return base .. kind .. (id or '') end
local function exact(number) return string.format('%.17g', number) end

-- Time of a partition that never runs back: a step of a minute and more is a clock that was set back, and time goes on from there.
local function tell()
  local known = redis.call('GET', key('clock'))
  local latest, elapsed = wall, wall
  if known then latest, elapsed = struct.unpack('<dd', known) end
  local step = wall - latest
  if step >= 0 then
    now = elapsed + step
  else
    now = elapsed
    if step >= -60000 then return end
  end
  if not known or step >= 1000 or step < 0 then
    redis.call('SET', key('clock'), struct.pack('<dd', wall, now), 'PX', bounds.keep)
  end
end

-- When this tenure was first seen here.
local function tenure()
  local known = redis.call('GET', key('tenure'))
  if known and string.sub(known, 1, 16) == stamp then return tonumber(string.sub(known, 17)) end
  -- The one key that never expires: a tenure that was forgotten would seem to have just begun.
  redis.call('SET', key('tenure'), stamp .. exact(wall))
  return wall
end

-- Where and when an item lies. A time of its own is for tests alone.
local function at(item)
  base = ARGV[1] .. '{' .. item.z .. '}'
  wall = item.t or time[1] * 1000 + math.floor(time[2] / 1000)
  tell()
end
`;
