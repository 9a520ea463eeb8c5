/**
 * Sessions: a hash each, listed by when they were last seen, in all and by network prefix, so that a full partition takes from
 * the prefix with the most sessions, its idlest first. Partners' accounts, whose steps and ids are remembered, are hashes too.
 */
export const SESSION = String.raw`
local LOOK = 30000

local function isEnded(id)
  local known = redis.call('GET', key('r', id))
  return known and tonumber(string.sub(known, 2)) > wall
end

local function readSession(id)
  local found = redis.call('HMGET', key('s', id), 'stamp', 'entry', 'seen', 'clients', 'crowd', 'prefix', 'weight')
  if not found[1] then return nil end
  return {
    id = id,
    stamp = found[1],
    entry = tonumber(found[2]),
    seen = tonumber(found[3]),
    clients = tonumber(found[4]),
    crowd = found[5] or '',
    prefix = found[6],
    weight = tonumber(found[7]),
  }
end

-- The session, where it lives: one of another tenure has to enter first, for what it did there last may be lost.
local function living(id)
  local session = readSession(id)
  if not session or session.stamp ~= stamp or isEnded(id) then return nil end
  return session
end

-- False where there is no such session any more.
local function touch(id)
  local prefix = redis.call('HGET', key('s', id), 'prefix')
  if not prefix then return false end
  redis.call('HSET', key('s', id), 'seen', exact(now))
  redis.call('PEXPIRE', key('s', id), bounds.keep)
  redis.call('ZADD', key('seen'), exact(now), id .. prefix)
  redis.call('ZADD', key('from', prefix), exact(now), id)
  return true
end

local function forgetGiven(caller)
  local count = redis.call('ZSCORE', key('given'), caller)
  if not count then return end
  local sources = redis.call('HGET', key('s', caller), 'sources') or ''
  for source in string.gmatch(sources, '%S+') do redis.call('DEL', key('v', caller .. source)) end
  redis.call('HDEL', key('s', caller), 'sources')
  redis.call('ZREM', key('given'), caller)
  redis.call('DECRBY', key('ids'), count)
end

local function dropWindow(window, id)
  redis.call('DEL', key('w', window))
  redis.call('ZREM', key('windows'), window .. id)
end

local function dropSession(id, prefix)
  local windows = redis.call('HGET', key('s', id), 'windows') or ''
  for window in string.gmatch(windows, '................') do dropWindow(window, id) end
  forgetGiven(id)
  redis.call('DEL', key('s', id))
  if redis.call('ZREM', key('seen'), id .. prefix) == 0 then return end
  redis.call('ZREM', key('from', prefix), id)
  if tonumber(redis.call('ZINCRBY', key('prefixes'), -1, prefix)) <= 0 then
    redis.call('ZREM', key('prefixes'), prefix)
  end
end

local function dropListed(member) dropSession(string.sub(member, 1, 16), string.sub(member, 17)) end

-- Forgets a few that have been idle for too long: what is forgotten by its own expiry still stands in the lists.
local function sweep()
  local idle = redis.call('ZRANGEBYSCORE', key('seen'), '-inf', exact(now - bounds.idle), 'LIMIT', 0, 4)
  for _, member in ipairs(idle) do dropListed(member) end
  local over = redis.call('ZRANGEBYSCORE', key('windows'), '-inf', exact(now), 'LIMIT', 0, 8)
  for _, member in ipairs(over) do dropWindow(string.sub(member, 1, 16), string.sub(member, 17)) end
end

local function evictSession()
  local prefix = redis.call('ZREVRANGE', key('prefixes'), 0, 0)[1]
  local id = prefix and redis.call('ZRANGE', key('from', prefix), 0, 0)[1]
  if id then return dropSession(id, prefix) end
  local oldest = redis.call('ZRANGE', key('seen'), 0, 0)[1]
  if oldest then dropListed(oldest) end
end

local function addSession(id, prefix)
  if redis.call('ZCARD', key('seen')) >= bounds.sessions then evictSession() end
  redis.call('HSET', key('s', id), 'stamp', stamp, 'entry', exact(now), 'seen', exact(now), 'clients', 0, 'prefix', prefix,
    'weight', 0)
  redis.call('ZADD', key('seen'), exact(now), id .. prefix)
  redis.call('ZADD', key('from', prefix), exact(now), id)
  redis.call('ZINCRBY', key('prefixes'), 1, prefix)
end

local function dropFirstWindow(id)
  local windows = redis.call('HGET', key('s', id), 'windows') or ''
  if windows == '' then return false end
  dropWindow(string.sub(windows, 1, 16), id)
  redis.call('HSET', key('s', id), 'windows', string.sub(windows, 17))
  return true
end

-- What has expired goes first, then a window of the prefix with the most sessions, then whichever ends first.
local function makeRoom()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key('windows'), '-inf', exact(now), 'LIMIT', 0, 64)) do
    dropWindow(string.sub(member, 1, 16), string.sub(member, 17))
  end
  if redis.call('ZCARD', key('windows')) < bounds.entries then return end
  local prefix = redis.call('ZREVRANGE', key('prefixes'), 0, 0)[1]
  for _, id in ipairs(prefix and redis.call('ZRANGE', key('from', prefix), 0, 15) or {}) do
    if dropFirstWindow(id) then return end
  end
  local first = redis.call('ZRANGE', key('windows'), 0, 0)[1]
  if first then dropWindow(string.sub(first, 1, 16), string.sub(first, 17)) end
end

local function addWindow(id, window, life)
  local windows = redis.call('HGET', key('s', id), 'windows') or ''
  while windows ~= '' and redis.call('EXISTS', key('w', string.sub(windows, 1, 16))) == 0 do
    windows = string.sub(windows, 17)
  end
  if #windows >= 16 * bounds.perSession then
    dropWindow(string.sub(windows, 1, 16), id)
    windows = string.sub(windows, 17)
  end
  redis.call('HSET', key('s', id), 'windows', windows)
  if redis.call('ZCARD', key('windows')) >= bounds.entries then
    makeRoom()
    windows = redis.call('HGET', key('s', id), 'windows') or ''
  end
  redis.call('HSET', key('s', id), 'windows', windows .. window)
  redis.call('ZADD', key('windows'), exact(now + life), window .. id)
  local fresh = { session = id, expires = now + life, looked = now, highest = 0, ring = string.rep('\0', SIZE / 8) }
  redis.call('SET', key('w', window), packWindow(fresh), 'PX', life)
end

local LISTS = { 'seen', 'prefixes', 'windows', 'given', 'ids' }

local function keep(id, prefix)
  redis.call('PEXPIRE', key('s', id), bounds.keep)
  for _, list in ipairs(LISTS) do redis.call('PEXPIRE', key(list), 2 * bounds.keep) end
  redis.call('PEXPIRE', key('from', prefix), 2 * bounds.keep)
end
`;
