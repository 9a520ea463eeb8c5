/** What is known once the backend has answered, and what is open until the answer has ended. */
export const ANSWERS = `
-- A call that came to nothing: as if it had not been made.
local function undo(item)
  for _, counted in ipairs(item.m) do
    local count = made(item.c, counted[1], counted[2])
    if count > 0 then
      redis.call('HSET', key('s', item.c), 'm' .. counted[1], exact(counted[2]) .. ' ' .. exact(count - 1))
    end
  end
  return 0
end

-- Requests that have ended, or that are still open: a gate that is gone renews nothing, and what it held is free again.
local function renew(item)
  for _, rule in ipairs(item.q) do
    local holds = open(item.c, rule)
    if item.open or holds[item.h] then
      holds[item.h] = item.open and now + bounds.hold or nil
      if redis.call('EXISTS', key('s', item.c)) == 1 then
        redis.call('HSET', key('s', item.c), 'o' .. rule, cmsgpack.pack(holds))
      end
    end
  end
  return 0
end

local function isKnown(caller)
  return string.sub(caller, 1, 1) == '@' or redis.call('EXISTS', key('s', caller)) == 1
end

local function done(item)
  if not isKnown(item.c) then return 0 end
  redis.call('HSET', key('s', item.c), 'd' .. item.step, exact(now))
  remember(item.c)
  return 0
end

local function serve(item)
  if not isKnown(item.c) then return 0 end
  give(item.c, item.source, item.ids)
  remember(item.c)
  return 0
end

local function grant(item)
  redis.call('SET', key('g', item.w .. item.ns), struct.pack('<dc43', now + item.life, item.g), 'PX', item.life)
  return 0
end
`;
