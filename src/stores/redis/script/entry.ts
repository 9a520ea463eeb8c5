/** Entries: the only way windows and sessions come to be. */
export const ENTRY = `
local MOST_WEIGHT, LONGEST_WAIT = 120000, 20

-- Pays for one more entry and answers 0, or pays nothing and answers the seconds to wait.
local function pay(session, perMinute)
  local weight = math.max(0, session.weight - (now - session.entry)) + 100 * math.floor(600 / perMinute)
  local excess = weight - MOST_WEIGHT
  if excess > 0 then return math.min(LONGEST_WAIT, math.max(1, math.ceil(excess / 1000))) end
  redis.call('HSET', key('s', session.id), 'weight', exact(weight))
  return 0
end

-- What a session that another one takes the place of has done: its times are moved to this partition's.
local function carryOn(id, carried)
  local shift = now - carried.now
  local function moved(text) return exact(tonumber(text) + shift) end
  for field, value in pairs(carried.fields) do
    local kind = string.sub(field, 1, 1)
    if kind == 'm' then
      local since, count = string.match(value, '^(%S+) (%d+)$')
      if tonumber(since) ~= 0 then since = moved(since) end
      value = since .. ' ' .. count
    elseif kind ~= 'c' then
      value = moved(value)
    end
    redis.call('HSET', key('s', id), field, value)
  end
  for source, prints in pairs(carried.given) do
    local list = {}
    for print in string.gmatch(prints, string.rep('.', PRINT)) do list[#list + 1] = print end
    give(id, source, list)
  end
end

local function finish(item, id, prefix, crowd)
  addWindow(id, item.w, item.life)
  local clients = tonumber(redis.call('HGET', key('s', id), 'clients') or 0)
  if clients < 0 then clients = clients + 2 ^ 32 end
  clients = bit.bor(clients, item.b)
  if clients < 0 then clients = clients + 2 ^ 32 end
  redis.call('HSET', key('s', id), 'stamp', stamp, 'entry', exact(now), 'seen', exact(now), 'clients', exact(clients))
  keep(id, prefix)
  return { 0, crowd }
end

-- The session of a valid cookie, made again where it has been forgotten.
local function resume(item)
  sweep()
  if isEnded(item.s) then return ENDED end
  local session = readSession(item.s)
  -- Who was ended shortly before a failover must not come back by it: so long the gates take to say again who was.
  if (not session or session.stamp ~= stamp) and wall - tenure() < bounds.settle then
    return { YOUNG, bounds.settle - (wall - tenure()) }
  end
  if not session then
    addSession(item.s, item.p)
    return finish(item, item.s, item.p, '')
  end
  local wait = session.stamp == stamp and pay(session, item.per) or 0
  if wait > 0 then return { LIMIT, wait } end
  touch(item.s)
  return finish(item, item.s, session.prefix, session.crowd)
end

local function begin(item)
  sweep()
  addSession(item.s, item.p)
  if item.x then redis.call('HSET', key('s', item.s), 'crowd', item.x) end
  if item.from then carryOn(item.s, item.from) end
  return finish(item, item.s, item.p, redis.call('HGET', key('s', item.s), 'crowd') or '')
end

local function leaveCrowd(item)
  redis.call('HDEL', key('s', item.s), 'crowd')
  return 0
end
`;
