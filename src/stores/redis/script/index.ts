import { hash } from 'node:crypto';
import { ANSWERS } from './answers.ts';
import { BASE } from './base.ts';
import { COMMIT } from './commit.ts';
import { ENDING } from './ending.ts';
import { ENTRY } from './entry.ts';
import { KEYS } from './keys.ts';
import { RULES } from './rules.ts';
import { SESSION } from './session.ts';
import { WINDOW } from './window.ts';

/** Goes through the items of one call. A fault of one is its own; it answers -1 and why. */
const MAIN = `
local function tick() return { 0, tenure() } end

local memory

local function usage()
  memory = memory or string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)')
  return { 0, redis.call('ZCARD', key('windows')), redis.call('ZCARD', key('seen')), tonumber(memory), stamp }
end

local KINDS = {
  c = commit, resume = resume, begin = begin, leave = leaveCrowd, finish = finishSession, why = reasonOf,
  undo = undo, renew = renew, done = done, serve = serve, grant = grant, nonce = useNonce, forget = forgetNonce,
  tick = tick, usage = usage,
}

local results = {}
for index, item in ipairs(cjson.decode(ARGV[2])) do
  local worked, result = pcall(function()
    at(item)
    return KINDS[item.k](item)
  end)
  if not worked then result = { -1, type(result) == 'table' and result.err or tostring(result) } end
  results[index] = result
end
return cjson.encode({ stamp, results })
`;

const source = [BASE, WINDOW, SESSION, RULES, COMMIT, ENTRY, ENDING, ANSWERS, KEYS, MAIN].join('');

/** The one script of this store. */
export const STATE_SCRIPT = { name: 'state', source, sha: hash('sha1', source) };
