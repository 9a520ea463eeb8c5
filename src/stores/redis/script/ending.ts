/** Sessions that are ended before their cookies and tickets are. The marks lie apart from the sessions. */
export const ENDING = `
local CARRIED = { l = true, d = true, m = true, p = true }

-- What its successor goes on with.
local function carriedOf(id)
  local fields, given = {}, {}
  local all = redis.call('HGETALL', key('s', id))
  for at = 1, #all, 2 do
    local field, value = all[at], all[at + 1]
    if field == 'crowd' then
      fields[field] = value
    elseif CARRIED[string.sub(field, 1, 1)] and field ~= 'prefix' then
      fields[field] = value
    end
    if field == 'sources' then
      for source in string.gmatch(value, '%S+') do given[source] = redis.call('GET', key('v', id .. source)) or '' end
    end
  end
  return { now = now, fields = fields, given = given }
end

local function mark(item)
  local till, reason = wall + item.life, item.why
  local known = redis.call('GET', key('r', item.s))
  if known then till = math.max(till, tonumber(string.sub(known, 2))) end
  if till <= wall then return end
  redis.call('SET', key('r', item.s), reason .. exact(till), 'PX', math.ceil(till - wall))
  -- All gates hear of it, so that any of them can tell a master that has lost it. Who may not publish goes without.
  if item.news then redis.pcall('PUBLISH', ARGV[1] .. 'endings', item.s .. reason .. exact(item.life)) end
end

local function finishSession(item)
  local session = readSession(item.s)
  local lived = session and not isEnded(item.s)
  local carried = session and item.carry and carriedOf(item.s)
  mark(item)
  if session then dropSession(item.s, session.prefix) end
  return { 0, lived and 1 or 0, carried or nil }
end

local function reasonOf(item)
  local known = redis.call('GET', key('r', item.s))
  return known and tonumber(string.sub(known, 2)) > wall and string.sub(known, 1, 1) or ''
end
`;
