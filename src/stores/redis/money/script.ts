import { scriptOf } from '../wide/script.ts';

/**
 * Takes what calls reserve, one after the other, of each all or nothing, and gives back what others did not spend:
 * guard/account.ts in the server's own language, held to it by test/property/redis-money.test.ts. `KEYS`: how far this
 * process has come, which ledger this is, since when under whom, and the accounts; `ARGV`: the time ('' for the server's own)
 * and what is asked, as JSON. All amounts are whole numbers below 2^53, which Lua's numbers hold exactly.
 *
 * Under a new master nothing is spent until all processes that are alive had the time to say what it may have missed.
 *
 * Answers `[what, time, step, ledger, …]`, all as text. `what` is `done`, with an answer for each call: 1, and slot and spent of
 * each entry, or 0, the entry without room, and the accounts that lack it, or 2 and the milliseconds to wait; `old` where this step was done before; `behind` where
 * the server does not know what it has acknowledged to this process: then nothing was done.
 */
export const MONEY = scriptOf(
  'money',
  `
local RING, SLOTS, RELEASES, BEHIND = 25, 24, 12, 3600000
local KEPT = 7200000
local LARGEST = 9007199254740991
local time = redis.call('TIME')
local now = tonumber(ARGV[1]) or (time[1] * 1000 + math.floor(time[2] / 1000))
local asked = cjson.decode(ARGV[2])
local function text(number) return string.format('%.0f', number) end

local replication = redis.call('INFO', 'replication')
local stamp = string.match(replication, 'master_replid:(%x+)')
if not stamp or not string.find(replication, 'role:master', 1, true) then
  return redis.error_reply('READONLY this server is no master')
end
local server = time[1] * 1000 + math.floor(time[2] / 1000)
local under, since = string.match(redis.call('GET', KEYS[3]) or '', '^(%x+) (%d+)$')
if under ~= stamp then
  since = server
  redis.call('SET', KEYS[3], stamp .. ' ' .. text(server))
end
local settling = math.min(asked.settle, tonumber(since) + asked.settle - server)

redis.call('SET', KEYS[2], asked.ledger, 'NX')
local ledger = redis.call('GET', KEYS[2])
local step = tonumber(redis.call('GET', KEYS[1]) or '0')
if asked.step <= step then return { 'old', text(now), text(step), ledger } end
if step < asked.low then return { 'behind', text(now), text(step), ledger } end

local accounts = {}

local function slotAt(cap) return math.floor(now / (cap.span / SLOTS)) end

local function advance(account, cap, slots)
  for ahead = 1, math.min(slots, RING) do account.slots[(account.latest + ahead) % RING] = 0 end
  account.latest = account.latest + slots
  account.released = math.min(cap.amount, account.released + slots * math.ceil(cap.amount / RELEASES))
end

local function setBack(account, slot)
  local kept = {}
  for ago = 0, RING - 1 do kept[ago] = account.slots[(account.latest - ago + RING * RING) % RING] end
  for ago = 0, RING - 1 do account.slots[(slot - ago + RING * RING) % RING] = kept[ago] end
  account.latest = slot
end

local function roll(account, cap)
  local slot = slotAt(cap)
  if slot > account.latest then advance(account, cap, slot - account.latest)
  elseif account.latest * (cap.span / SLOTS) - now > BEHIND then setBack(account, slot) end
  account.released = math.min(account.released, cap.amount)
end

local function find(place, cap)
  local account = accounts[place]
  if account then return account end
  account = { slots = {}, span = cap.span }
  local kept = redis.call('GET', KEYS[place])
  if kept then
    local at = -2
    for number in string.gmatch(kept, '%S+') do
      if at == -2 then account.latest = tonumber(number)
      elseif at == -1 then account.released = tonumber(number)
      else account.slots[at] = tonumber(number) end
      at = at + 1
    end
    account.kept = true
  else
    account.latest, account.released = slotAt(cap), cap.amount
    for at = 0, RING - 1 do account.slots[at] = 0 end
  end
  accounts[place] = account
  return account
end

local function spentOf(account)
  local sum = 0
  for at = 0, RING - 1 do sum = sum + account.slots[at] end
  return sum
end

local function room(account, cap, whole)
  local spent = spentOf(account)
  if whole then
    if spent == 0 then return math.huge end
    return math.floor(cap.part * (cap.of.amount - (spentOf(whole) - spent))) - spent
  end
  local left = cap.amount - spent
  return cap.even and math.min(left, account.released) or left
end

local function giveBack(account, cap, slot, amount)
  if slot > account.latest or slot <= account.latest - RING then return end
  local place = slot % RING
  account.slots[place] = math.min(LARGEST, math.max(0, account.slots[place] - amount))
  account.released = math.min(cap.amount, account.released + amount)
end

local function stateOf(account)
  local parts = { text(account.latest), text(account.released) }
  for at = 0, RING - 1 do parts[#parts + 1] = text(account.slots[at]) end
  return table.concat(parts, ' ')
end

-- Entries and returns are [account, cap, amount] and [account, cap, amount, slot].
local function capOf(entry) return asked.caps[entry[2]] end

local function take(entries)
  local answer = { '1' }
  for place, entry in ipairs(entries) do
    local cap = capOf(entry)
    local account = find(entry[1], cap)
    roll(account, cap)
    local whole = nil
    if cap.of then
      whole = find(cap.of.account, cap.of)
      roll(whole, cap.of)
    end
    if room(account, cap, whole) < entry[3] then
      local short = { '0', text(place), stateOf(account), whole and stateOf(whole) or '' }
      for before = 1, place - 1 do
        local taken = entries[before]
        giveBack(find(taken[1]), capOf(taken), taken[4], taken[3])
      end
      return short
    end
    entry[4] = account.latest
    giveBack(account, cap, account.latest, -entry[3])
  end
  for _, entry in ipairs(entries) do
    answer[#answer + 1] = text(entry[4])
    answer[#answer + 1] = text(spentOf(find(entry[1])))
  end
  return answer
end

for _, entry in ipairs(asked.back) do
  local account = find(entry[1], capOf(entry))
  roll(account, capOf(entry))
  -- What was spent under another clock is spent now at the latest.
  giveBack(account, capOf(entry), entry[3] < 0 and math.min(entry[4], account.latest) or entry[4], entry[3])
end
local answers = { 'done', text(now), text(step), ledger }
for _, entries in ipairs(asked.calls) do
  answers[#answers + 1] = settling > 0 and { '2', text(settling) } or take(entries)
end
for place, account in pairs(accounts) do
  -- Who was refused leaves nothing behind: strangers choose their names.
  if account.kept or spentOf(account) > 0 then
    local till = (account.latest + SLOTS + 2) * (account.span / SLOTS) - now
    redis.call('SET', KEYS[place], stateOf(account), 'PX', math.max(60000, math.ceil(till)))
  end
end
redis.call('SET', KEYS[1], text(asked.step), 'PX', KEPT)
return answers
`,
);

/** What accounts hold, and the time. */
export const SPENT = scriptOf(
  'spent',
  `
local time = redis.call('TIME')
local answers = { string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) }
for place, key in ipairs(KEYS) do answers[place + 1] = redis.call('GET', key) or '' end
return answers
`,
);
