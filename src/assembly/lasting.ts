import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../guard/config.ts';
import { learningOf } from '../guard/config-behaviour.ts';
import { ConfigError } from '../guard/errors.ts';
import { isSameButFunctions } from '../guard/exchangeable.ts';
import { takesKeys } from '../guard/keys.ts';

/** A part that is put together once, so that a reload cannot change what it was made of. */
interface Lasting {
  readonly field: string;
  /** What the new configuration has there, in words. */
  readonly value: string;
  readonly rule: string;
  differs(next: Config, first: Config): boolean;
}

const AT_START = 'is taken up at the start; restart to change it';

const LASTING: readonly Lasting[] = [
  // Its functions are new each time a file is read: those are exchanged.
  {
    field: 'login',
    value: 'changed',
    rule: AT_START,
    differs: (next, first) => !isSameButFunctions(next.login, first.login),
  },
  { field: 'bots', value: 'changed', rule: AT_START, differs: by(({ bots }) => bots) },
  { field: 'addresses.lists', value: 'changed', rule: AT_START, differs: by(({ addresses }) => addresses?.lists) },
  {
    field: 'challenge',
    value: 'other providers',
    rule: 'providers are taken up at the start; restart to change them',
    differs: by(providersIn),
  },
  { field: 'builds', value: 'changed', rule: AT_START, differs: by(({ builds }) => builds) },
  { field: 'state', value: 'another', rule: AT_START, differs: by(({ state }) => state) },
  {
    field: 'behaviour',
    value: 'new, or with another sessions, perPrefix or model',
    rule: 'what is learned is taken up at the start; restart to change it',
    differs: (next, first) => next.behaviour !== undefined && !isDeepStrictEqual(learned(next), learned(first)),
  },
  {
    field: 'keys',
    value: 'new',
    rule: 'routes take keys where they did at the start; restart',
    differs: (next, first) => takesKeys(next) && !takesKeys(first),
  },
];

const BANS = { field: 'bans', value: 'new', rule: 'there were none at the start; restart to have them' };

/**
 * Refuses a configuration that asks of this guard what only another one could do.
 *
 * @param takesBans whether bans were taken at the start, by whatever way
 *
 * Throws ConfigError naming each field that cannot change.
 */
export function refuseLasting(next: Config, first: Config, takesBans: boolean): void {
  const problems = LASTING.filter(({ differs }) => differs(next, first)).map(({ field, value, rule }) => ({
    field,
    value,
    rule,
  }));
  if (!takesBans && next.bans !== undefined) problems.push(BANS);
  if (problems.length > 0) throw new ConfigError('config', problems);
}

/** Of the layer, what cannot change under way. */
const learned = ({ behaviour }: Config) => behaviour && { ...learningOf(behaviour), model: behaviour.model };

function by(part: (config: Config) => unknown): Lasting['differs'] {
  return (next, first) => !isDeepStrictEqual(part(next), part(first));
}

function providersIn({ challenge = {} }: Config): readonly unknown[] {
  return [challenge.turnstile, challenge.hcaptcha, challenge.recaptcha, challenge['recaptcha-enterprise']];
}
