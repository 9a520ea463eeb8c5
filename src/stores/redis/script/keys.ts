/** Nonces of signing keys. None is forgotten for want of room: a key that uses more than there is room for is refused. */
export const KEYS = `
local UNSURE = 11

local function useNonce(item)
  -- Of what was signed before this tenure nobody knows whether it was used.
  if item.at and item.at <= tenure() + bounds.skew then return UNSURE end
  local nonces = key('n', item.key)
  local till = redis.call('ZSCORE', nonces, item.nonce)
  if till and tonumber(till) >= now then return REPLAYED end
  redis.call('ZREMRANGEBYSCORE', nonces, '-inf', '(' .. exact(now))
  if redis.call('ZCARD', nonces) >= bounds.nonces then return LIMIT end
  redis.call('ZADD', nonces, exact(now + item.life), item.nonce)
  redis.call('PEXPIRE', nonces, math.max(item.life, redis.call('PTTL', nonces)))
  return 0
end

local function forgetNonce(item)
  redis.call('ZREM', key('n', item.key), item.nonce)
  return 0
end
`;
