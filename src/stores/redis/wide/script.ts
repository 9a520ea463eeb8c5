import { createHash } from 'node:crypto';
import type { Script } from './wide.ts';

/** A script by its source, as the server will name it. */
export const scriptOf = (name: string, source: string): Script => ({
  name,
  source,
  sha: createHash('sha1').update(source).digest('hex'),
});

/**
 * One call of several counters: `KEYS` are theirs, `ARGV` who asks, the time (milliseconds, steady and wall clock; '' for
 * the server's own), how much longer keys are kept than they need, and what each of them is asked, as JSON. Answers a
 * list of whole numbers for each. Times leave as microseconds: Lua's numbers lose their fractions on the way out.
 *
 * What processes hold ahead is written with each counter, with the time at which it counts as spent.
 */
export const COUNTERS = scriptOf(
  'counters',
  `
local me, slack = ARGV[1], tonumber(ARGV[4])
local time = redis.call('TIME')
local server = time[1] * 1000 + math.floor(time[2] / 1000)
local steady = tonumber(ARGV[2]) or server
local wall = tonumber(ARGV[3]) or server
local LATE = 60000
local ROUNDING = 0.001

-- 'number number;process:count:until;...': what is counted, when it was written, and who holds how much ahead.
local function read(key)
  local text = redis.call('GET', key)
  if not text then return 0, 0, {} end
  local first, last = string.match(text, '^(%S+) ([^;]+)')
  local shares = {}
  for process, count, till in string.gmatch(text, ';([^:;]+):([^:;]+):([^:;]+)') do
    shares[process] = { count = tonumber(count), till = tonumber(till) }
  end
  return tonumber(first), tonumber(last), shares
end

local function write(key, first, now, shares, till)
  local parts = { string.format('%.17g %.17g', first, now) }
  for process, share in pairs(shares) do
    if share.count > 0 then
      parts[#parts + 1] = string.format('%s:%d:%.17g', process, share.count, share.till)
      till = math.max(till, share.till)
    end
  end
  if till <= now then redis.call('DEL', key)
  else redis.call('SET', key, table.concat(parts, ';'), 'PX', math.ceil(till - now + slack)) end
end

-- Time never runs backwards: a little behind, it stands still; where a clock was set back, it goes on from there.
local function steadied(last, shares)
  if steady >= last then return steady, 0 end
  if last - steady <= LATE then return last, 0 end
  for _, share in pairs(shares) do share.till = share.till - (last - steady) end
  return steady, last - steady
end

local function micros(milliseconds) return math.floor(milliseconds * 1000 + 0.5) end

-- A rate: the time at which its bucket is full again. What others hold ahead has left the bucket, and refills only
-- from when it was spent: whatever is held, no span ever sees more calls than its rate and burst allow.
local function rate(key, ask)
  local full, last, shares = read(key)
  local now, back = steadied(last, shares)
  local changed = back > 0
  full = full - back
  local own = shares[me]
  if own then
    local held = math.min(ask.held, own.count)
    if own.till > now then
      full = math.max(full, now - ask.idle) + (own.count - held) * ask.interval
      own.count = math.min(ask.keep, held)
      own.till = now + ask.life
      changed = true
    end
  end
  local holders, ahead = 0, 0
  for process, share in pairs(shares) do
    if share.till <= now then
      full = math.max(full, share.till) + share.count * ask.interval
      shares[process] = nil
      changed = true
    else
      ahead = ahead + share.count
      if process ~= me and share.count > 0 then holders = holders + 1 end
    end
  end
  if ask.refund > 0 and full > now then
    full = full - ask.refund * ask.interval
    changed = true
  end
  local function debt() return math.max(full - now, 0) + ahead * ask.interval end
  local function room() return math.max(0, math.floor((ask.depth - debt()) / ask.interval + ROUNDING)) end
  local granted = math.min(ask.want, room())
  if granted > 0 then full = math.max(full, now) + granted * ask.interval end
  local excess = debt() + ask.interval - ask.depth
  local late = 0
  while late < math.min(ask.late, ask.want - granted) and debt() + ask.interval - ask.depth <= ask.wait + ROUNDING do
    full = math.max(full, now) + ask.interval
    late = late + 1
  end
  local share = math.min(ask.ahead, math.floor(room() / (2 * (holders + 1))))
  if share > 0 then
    own = shares[me] or { count = 0 }
    own.count = own.count + share
    own.till = now + ask.life
    shares[me] = own
    ahead = ahead + share
  end
  if changed or granted + late + share > 0 then write(key, full, now, shares, full) end
  local mine = shares[me] and shares[me].count or 0
  return { granted, late, micros(excess), mine, micros(debt() - mine * ask.interval), micros(full - now) }
end

-- Requests open at a time: how many each process may have open, by when it has to say so again.
local function open(key, ask)
  local _, last, shares = read(key)
  local now = steadied(last, shares)
  local others, holders = 0, 0
  for process, share in pairs(shares) do
    if share.till <= now then shares[process] = nil
    elseif process ~= me then
      others = others + share.count
      holders = holders + 1
    end
  end
  local free = math.max(0, ask.most - others - ask.open)
  local granted = math.min(ask.want, free)
  local share = math.min(ask.ahead, math.floor((free - granted) / (2 * (holders + 1))))
  local level = ask.open + granted + share
  shares[me] = { count = level, till = now + ask.life }
  write(key, 0, now, shares, 0)
  return { granted, level, math.max(0, free - granted - share) }
end

-- A quota: so many in each span of the wall clock. Only a later span begins at nothing.
local function quota(key, ask)
  local count, span = read(key)
  local current = wall - wall % ask.per
  if current > span then count, span = 0, current end
  if ask.back > 0 and ask.span == span then count = math.max(0, count - ask.back) end
  local granted = math.min(ask.want, math.max(0, ask.most - count))
  local share = math.min(ask.ahead, math.max(0, math.floor((ask.most - count - granted) / 16)))
  count = count + granted + share
  local left = span + ask.per - wall
  if granted + share + ask.back > 0 then
    redis.call('SET', key, string.format('%.17g %.17g', count, span), 'PX', math.ceil(left + slack))
  end
  return { granted, share, micros(left), span }
end

local KINDS = { rate = rate, open = open, quota = quota }
local answers = {}
for place, ask in ipairs(cjson.decode(ARGV[5])) do answers[place] = KINDS[ask.kind](KEYS[place], ask) end
return answers
`,
);
