import { type Bundle, hashOf } from '../doors/script.ts';
import { makeTexts } from './maker.ts';
import type { Recipe } from './recipe.ts';
import type { Make } from './shelf.ts';

/** What one of several asks for. Travels between threads. */
export interface MakeOrder {
  readonly texts: Bundle;
  readonly recipe: Recipe;
  readonly ahead: boolean;
}

/** Makes for several who come to the same texts by themselves, each build once. */
export interface SharedMaker {
  /** Rejects as {@link Make} does; whoever asks next has it tried again. */
  make(order: MakeOrder): Promise<Bundle>;
  /** Calls off what is being made. */
  close(): void;
}

export interface SharedMakerParts {
  /** Default: javascript-obfuscator, in a process of its own. */
  readonly make?: Make;
  /** Told when one has been made. */
  readonly made?: (seconds: number) => void;
}

/** What pages get now, and next: nobody asks for more than these (shelf.ts). */
const KEPT = 2;

export function createSharedMaker({ make = makeTexts, made = () => {} }: SharedMakerParts = {}): SharedMaker {
  const closed = new AbortController();
  /** Latest last; those that are still being made among them. */
  const known = new Map<string, Promise<Bundle>>();

  async function begin({ texts, recipe, ahead }: MakeOrder): Promise<Bundle> {
    const began = performance.now();
    const bundle = await make(texts, recipe, { ahead, signal: closed.signal });
    made((performance.now() - began) / 1000);
    return bundle;
  }

  return {
    make(order) {
      // Whether somebody waits for it makes no other text of it.
      const key = hashOf(JSON.stringify([order.texts, order.recipe]));
      const found = known.get(key);
      if (found !== undefined) return found;
      const begun = begin(order);
      known.set(key, begun);
      begun.catch(() => {
        if (known.get(key) === begun) known.delete(key);
      });
      const [oldest = ''] = known.keys();
      if (known.size > KEPT) known.delete(oldest);
      return begun;
    },
    close: () => closed.abort(),
  };
}
