/**
 * Windows of used counters: a ring of 1,024 bits (RFC 6479) behind a head that says whose it is, in whose tenure its counters
 * were burnt, when it ends, when its session was last looked at, and the highest counter.
 */
export const WINDOW = String.raw`
local SIZE, HEAD, LAYOUT = 1024, 56, '<c16c16ddd'

local function readWindow(id)
  local raw = redis.call('GET', key('w', id))
  if not raw then return nil end
  local window = { id = id, ring = string.sub(raw, HEAD + 1) }
  window.stamp, window.session, window.expires, window.looked, window.highest = struct.unpack(LAYOUT, raw)
  return window
end

local function packWindow(window)
  return struct.pack(LAYOUT, stamp, window.session, window.expires, window.looked, window.highest) .. window.ring
end

local function isTaken(window, counter)
  if counter > window.highest or counter <= window.highest - SIZE then return false end
  local bit_at = counter % SIZE
  return bit.band(string.byte(window.ring, math.floor(bit_at / 8) + 1), 2 ^ (bit_at % 8)) ~= 0
end

-- Why a counter cannot be taken; 0 where it can. Changes nothing.
local function lookAt(window, counter)
  if counter > window.highest then return 0 end
  if counter <= window.highest - SIZE then return STALE_NONCE end
  return isTaken(window, counter) and REPLAYED or 0
end

-- Bits of skipped counters still stand for counters that fall out of the window now.
local function forget(ring, from, count)
  if count >= SIZE then return string.rep('\0', SIZE / 8) end
  local bytes = { string.byte(ring, 1, SIZE / 8) }
  for counter = from, from + count - 1 do
    local bit_at = counter % SIZE
    local place = math.floor(bit_at / 8) + 1
    bytes[place] = bit.band(bytes[place], 255 - 2 ^ (bit_at % 8))
  end
  return string.char(unpack(bytes))
end

-- After lookAt at the same moment. A repeatable counter may be taken already.
local function take(window, counter)
  if counter > window.highest then
    local skipped = counter - window.highest - 1
    if skipped > 0 then window.ring = forget(window.ring, window.highest + 1, skipped) end
    window.highest = counter
  end
  local bit_at = counter % SIZE
  local place = math.floor(bit_at / 8) + 1
  local byte = bit.bor(string.byte(window.ring, place), 2 ^ (bit_at % 8))
  window.ring = string.sub(window.ring, 1, place - 1) .. string.char(byte) .. string.sub(window.ring, place + 1)
end
`;
