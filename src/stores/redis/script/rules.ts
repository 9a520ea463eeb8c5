/** What a session may do: how much, how much at a time, in what order, and with which ids. Kept in its hash. */
export const RULES = `
local ROUNDING, MINUTE, MOST_SERVED, PRINT = 0.001, 60000, 4096, 10

local function open(caller, rule)
  local packed = redis.call('HGET', key('s', caller), 'o' .. rule)
  local holds, count = {}, 0
  if packed then
    for hold, till in pairs(cmsgpack.unpack(packed)) do
      if till > now then
        holds[hold] = till
        count = count + 1
      end
    end
  end
  return holds, count
end

-- Limits by session: when each bucket will be full if the call is admitted; nil and the refusal where one has no room.
local function checkUse(item)
  for index, rule in ipairs(item.q or {}) do
    local _, count = open(item.s, rule[1])
    if count >= rule[2] then return nil, { LIMIT, 1, index - 1, 0 } end
  end
  local full = {}
  for index, rule in ipairs(item.l or {}) do
    local name, interval, depth, wait = rule[1], rule[2], rule[3], rule[4]
    local known = tonumber(redis.call('HGET', key('s', item.s), 'l' .. name) or 0)
    full[index] = math.max(known, now) + interval
    local excess = full[index] - now - depth
    if excess > wait + ROUNDING then return nil, { LIMIT, 0, index - 1, excess - wait } end
  end
  return full
end

local function applyUse(item, full)
  for index, rule in ipairs(item.l or {}) do
    redis.call('HSET', key('s', item.s), 'l' .. rule[1], exact(full[index]))
  end
  for _, rule in ipairs(item.q or {}) do
    local holds = open(item.s, rule[1])
    holds[item.h] = now + bounds.hold
    redis.call('HSET', key('s', item.s), 'o' .. rule[1], cmsgpack.pack(holds))
  end
end

local function doneAt(caller, step)
  local known = redis.call('HGET', key('s', caller), 'd' .. step)
  return known and tonumber(known)
end

-- When the latest of a rule's steps was done; 0 for a rule without any.
local function latestOf(caller, steps)
  local latest = 0
  for _, step in ipairs(steps) do latest = math.max(latest, doneAt(caller, step) or 0) end
  return latest
end

local function made(caller, name, since)
  local known = redis.call('HGET', key('s', caller), 'm' .. name)
  if not known then return 0 end
  local found, count = string.match(known, '^(%S+) (%d+)$')
  return tonumber(found) == since and tonumber(count) or 0
end

local function checkOrders(caller, orders)
  for index, rule in ipairs(orders) do
    local name, steps, within, early, most = rule[1], rule[2], rule[3], rule[4], rule[5]
    for place, step in ipairs(steps) do
      local done = caller and doneAt(caller, step)
      if not done or (within > 0 and now - done > within) then return { ORDER, index - 1, place - 1, 0 } end
    end
    if caller then
      local since = latestOf(caller, steps)
      local left = early - (now - since)
      if early > 0 and left > 0 then return { ORDER, index - 1, -1, left } end
      if most > 0 and made(caller, name, since) >= most then return { ORDER, index - 1, 0, 0 } end
    end
  end
end

-- Counts the call; answers since when each rule counts, so that what is given back late is not taken off the next count.
local function applyOrders(caller, orders)
  local counted = {}
  for _, rule in ipairs(orders) do
    if rule[5] > 0 then
      local since = latestOf(caller, rule[2])
      local count = made(caller, rule[1], since) + 1
      redis.call('HSET', key('s', caller), 'm' .. rule[1], exact(since) .. ' ' .. exact(count))
      counted[#counted + 1] = { rule[1], since }
    end
  end
  return counted
end

-- Fingerprints of ids stand one behind the other, oldest first.
local function holds(prints, print)
  local from = 1
  while true do
    local found = string.find(prints, print, from, true)
    if not found then return false end
    if (found - 1) % PRINT == 0 then return true end
    from = found + 1
  end
end

local function has(caller, source, print)
  local prints = redis.call('GET', key('v', caller .. source))
  return prints and holds(prints, print) or false
end

local function afterLink(caller, claim)
  local known = tonumber(redis.call('HGET', key('s', caller), 'p' .. claim[1] .. ':' .. claim[3]) or 0)
  return math.max(known, now) + MINUTE / claim[3]
end

local function checkServed(caller, claims)
  for _, claim in ipairs(claims) do
    local may = has(caller, claim[1], claim[2]) or (claim[3] > 0 and afterLink(caller, claim) - now <= MINUTE)
    if not may then return NOT_SERVED end
  end
end

-- Ids of a whole partition are bounded: beyond, who holds the most loses them.
local function give(caller, source, prints)
  local known = redis.call('GET', key('v', caller .. source)) or ''
  local before, again, fresh = #known / PRINT, {}, {}
  for _, print in ipairs(prints) do
    if not again[print] then
      again[print] = ''
      fresh[#fresh + 1] = print
    end
  end
  local all = string.gsub(known, string.rep('.', PRINT), again) .. table.concat(fresh)
  all = string.sub(all, -MOST_SERVED * PRINT)
  redis.call('SET', key('v', caller .. source), all, 'PX', bounds.keep)
  local sources = redis.call('HGET', key('s', caller), 'sources') or ''
  if not string.find(' ' .. sources .. ' ', ' ' .. source .. ' ', 1, true) then
    redis.call('HSET', key('s', caller), 'sources', sources .. ' ' .. source)
  end
  local more = #all / PRINT - before
  redis.call('ZINCRBY', key('given'), more, caller)
  local total = redis.call('INCRBY', key('ids'), more)
  while total > bounds.ids do
    local most = redis.call('ZREVRANGE', key('given'), 0, 0)[1]
    if not most then
      redis.call('DEL', key('ids'))
      return
    end
    forgetGiven(most)
    total = tonumber(redis.call('GET', key('ids')) or 0)
  end
end

local function applyServed(caller, claims)
  for _, claim in ipairs(claims) do
    if not has(caller, claim[1], claim[2]) then
      redis.call('HSET', key('s', caller), 'p' .. claim[1] .. ':' .. claim[3], exact(afterLink(caller, claim)))
      give(caller, claim[1], { claim[2] })
    end
  end
end

-- A partner's account has no session: what is remembered of it comes to be as it is needed.
local function remember(account)
  if string.sub(account, 1, 1) == '@' then redis.call('PEXPIRE', key('s', account), bounds.keep) end
end
`;
