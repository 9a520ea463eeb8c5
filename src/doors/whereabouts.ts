import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { changesOf, type Whereabouts } from '../guard/drift.ts';
import type { GuardHeaders } from '../guard/view.ts';
import { networkOf } from '../lib/address.ts';
import { agentOf, brandsOf, languageOf } from '../lib/agent.ts';
import { createGenerations } from '../lib/generations.ts';
import { PROTOCOL } from '../wire/constants.ts';
import { ownCopy } from './platform.ts';

/** What of a request says from where and by what it came. */
export type Traits = Pick<GuardHeaders, 'userAgent' | 'acceptLanguage' | 'secChUa'>;

/** Reads from where requests come, and compares that with what an entry has left behind: no state is asked. */
export interface WhereaboutsReader {
  /** @param prefix the network prefix that budgets count by */
  here(prefix: string, traits: Traits): Whereabouts;
  /** Bits of src/guard/drift.ts. */
  changes(from: Whereabouts, prefix: string, traits: Traits): number;
}

/** Bytes of one in a ticket or cookie. */
export const WHEREABOUTS_BYTES = 12;

export function writeWhereabouts(out: Buffer, at: number, from: Whereabouts): void {
  out.writeUIntBE(from.v4, at, 3);
  out.writeUIntBE(from.v6, at + 3, 3);
  out.writeUInt16BE(from.agent, at + 6);
  out.writeUInt16BE(from.brands, at + 8);
  out.writeUInt16BE(from.language, at + 10);
}

export const readWhereabouts = (content: Buffer, at: number): Whereabouts => new Opened(content, at);

/** What a request said, and what of it was different. */
interface Said extends Traits {
  readonly prefix: string;
  readonly changes: number;
}

/** As read from a ticket or cookie. Keeps the last answer: the next request says mostly the same. */
class Opened implements Whereabouts {
  readonly v4: number;
  readonly v6: number;
  readonly agent: number;
  readonly brands: number;
  readonly language: number;
  #said: Said | null = null;

  constructor(content: Buffer, at: number) {
    this.v4 = content.readUIntBE(at, 3);
    this.v6 = content.readUIntBE(at + 3, 3);
    this.agent = content.readUInt16BE(at + 6);
    this.brands = content.readUInt16BE(at + 8);
    this.language = content.readUInt16BE(at + 10);
  }

  /** -1 where this was not the last question. */
  recall(prefix: string, { userAgent, secChUa, acceptLanguage }: Traits): number {
    const said = this.#said;
    if (said === null || said.prefix !== prefix || said.userAgent !== userAgent) return -1;
    return said.secChUa === secChUa && said.acceptLanguage === acceptLanguage ? said.changes : -1;
  }

  keep(said: Said): void {
    this.#said = said;
  }
}

/** Texts of each kind that are remembered with their hash: browsers say the same every time. Longer ones are hashed anew. */
const REMEMBERED = 4096;
const LONGEST_REMEMBERED = 512;

/** A text, shared by all that keep it, and its hash. */
interface Known {
  readonly text: string;
  readonly hash: number;
}

const NOTHING: Known = Object.freeze({ text: '', hash: 0 });

/** @param secret the gate's own: instances that share it know each other's */
export function createWhereabouts(secret: Uint8Array): WhereaboutsReader {
  const key = createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', `${PROTOCOL} whereabouts`, 32)));
  const hashed = (kind: string, bytes: number, read: (text: string) => string): ((text: string) => Known) => {
    const known = createGenerations<Known>(REMEMBERED);
    const hashOf = (said: string): number =>
      createHmac('sha256', key).update(`${kind} ${said}`).digest().readUIntBE(0, bytes) || 1;
    return (text) => {
      if (text === '') return NOTHING;
      const found = known.get(text);
      if (found !== undefined) return found;
      const said = read(text);
      // 0 is for what nobody said.
      const made = { text: ownCopy(text), hash: said === '' ? 0 : hashOf(said) };
      if (text.length <= LONGEST_REMEMBERED) known.set(made.text, made);
      return made;
    };
  };
  const networks = hashed('network', 3, networkOf);
  const agents = hashed('agent', 2, agentOf);
  const brands = hashed('brands', 2, brandsOf);
  const languages = hashed('language', 2, languageOf);

  const toWhereabouts = (network: Known, agent: Known, brand: Known, language: Known): Whereabouts => {
    const isV6 = network.text.includes(':');
    return {
      v4: isV6 ? 0 : network.hash,
      v6: isV6 ? network.hash : 0,
      agent: agent.hash,
      brands: brand.hash,
      language: language.hash,
    };
  };

  return {
    here: (prefix, { userAgent, secChUa, acceptLanguage }) =>
      toWhereabouts(networks(prefix), agents(userAgent), brands(secChUa), languages(acceptLanguage)),
    changes(from, prefix, traits) {
      const recalled = from instanceof Opened ? from.recall(prefix, traits) : -1;
      if (recalled >= 0) return recalled;
      const network = networks(prefix);
      const agent = agents(traits.userAgent);
      const brand = brands(traits.secChUa);
      const language = languages(traits.acceptLanguage);
      const changes = changesOf(from, toWhereabouts(network, agent, brand, language));
      const longest = Math.max(agent.text.length, brand.text.length, language.text.length);
      if (from instanceof Opened && longest <= LONGEST_REMEMBERED) {
        const texts = { prefix: network.text, userAgent: agent.text };
        from.keep({ ...texts, secChUa: brand.text, acceptLanguage: language.text, changes });
      }
      return changes;
    },
  };
}
