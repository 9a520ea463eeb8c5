/** All claims of one request, or none: everything is checked before anything is written, the cheapest first. */
export const COMMIT = `
-- A call that was sent before is told as that, whatever else would refuse it.
local function orReplay(item, refused)
  if not item.n or item.g ~= nil or item.rep then return refused end
  local window = item.w and readWindow(item.w)
  if not window or window.stamp ~= stamp or window.expires <= now or isEnded(window.session) then return STALE end
  local code = item.n > 0 and lookAt(window, item.n) or STALE
  return code == 0 and refused or code
end

-- Why the window does not admit this; 0 where it does.
local function checkWindow(item, window)
  if not window or window.stamp ~= stamp or window.expires <= now or item.n < 1 then return STALE end
  if isEnded(window.session) then return STALE end
  if item.g ~= nil then
    if not isTaken(window, item.n) then return REPLAYED end
    local grant = redis.call('GET', key('g', item.w .. item.ns))
    if not grant then return REPLAYED end
    local till, what = struct.unpack('<dc43', grant)
    return till > now and what == item.g and 0 or REPLAYED
  end
  local code = lookAt(window, item.n)
  if code == REPLAYED and item.rep then return 0 end
  return code
end

local function applyWindow(item, window)
  if item.g ~= nil then
    redis.call('DEL', key('g', item.w .. item.ns))
  else
    take(window, item.n)
  end
  redis.call('SET', key('w', item.w), packWindow(window), 'KEEPTTL')
end

local function commit(item)
  local session
  if item.s then
    session = living(item.s)
    if not session then return item.n and STALE or ENTRY end
    if item.e and now - session.entry > item.e then return ENTRY end
    if item.b and bit.band(session.clients, item.b) == 0 then return ENTRY end
    if (item.l or item.q) and session.crowd ~= (item.x or '') then return { CROWD, session.crowd } end
  end
  local caller, full, refused = item.s or item.a, nil, nil
  if session and (item.l or item.q) then
    full, refused = checkUse(item)
    if refused then return orReplay(item, refused) end
  end
  if item.no then return orReplay(item, LIMIT) end
  if item.o then
    refused = checkOrders(caller, item.o)
    if refused then return orReplay(item, refused) end
  end
  if item.d then
    refused = not caller and NOT_SERVED or checkServed(caller, item.d)
    if refused then return orReplay(item, refused) end
  end
  local window
  if item.n then
    window = item.w and readWindow(item.w)
    local code = checkWindow(item, window)
    if code ~= 0 then return code end
    if now - window.looked > LOOK then
      if not touch(window.session) then return STALE end
      window.looked = now
    end
    applyWindow(item, window)
  end
  if full then applyUse(item, full) end
  local counted = item.o and caller and applyOrders(caller, item.o)
  if item.d then applyServed(caller, item.d) end
  if session and now - session.seen > LOOK then touch(session.id) end
  if item.a and (item.o or item.d) then remember(item.a) end
  if not full and not counted then return 0 end
  local debts = {}
  for index, till in ipairs(full or {}) do debts[index] = till - now end
  return { 0, debts, counted or {} }
end
`;
