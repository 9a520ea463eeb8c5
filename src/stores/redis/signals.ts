import { createHash } from 'node:crypto';
import type { Signals } from '../../guard/signals.ts';
import type { Script, ScriptRunner } from './wide/wide.ts';

/** How often the others look: a switch has reached them within five seconds, however the connections stand. */
const EVERY_MS = 1500;

const script = (name: string, source: string): Script => ({
  name,
  source,
  sha: createHash('sha1').update(source).digest('hex'),
});

const PUBLISH = script(
  'publish',
  `local known = redis.call('HGET', KEYS[1], 'counter')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'counter', ARGV[1], 'text', ARGV[2])
return 1`,
);

const LATEST = script('latest', `return redis.call('HMGET', KEYS[1], 'counter', 'text')`);

/** One text a name on a Redis or Valkey server; it stays for as long as the server keeps what it has. */
export function createSignals(runner: ScriptRunner, prefix = 'sallyport:'): Signals {
  const keyOf = (name: string): string => `${prefix}{signal ${name}}`;
  return {
    publish: async (name, { counter, text }) => (await runner.run(PUBLISH, [keyOf(name)], [counter, text])) === 1,
    async latest(name) {
      const found = await runner.run(LATEST, [keyOf(name)], []);
      const [counter, text] = Array.isArray(found) ? found : [];
      return typeof counter === 'string' && typeof text === 'string' ? { counter: Number(counter), text } : null;
    },
    subscribe(listener) {
      const timer = setInterval(listener, EVERY_MS).unref();
      return () => clearInterval(timer);
    },
  };
}
