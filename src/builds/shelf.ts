import { gzipSync } from 'node:zlib';
import { type Bundle, type Script, serveScript } from '../doors/script.ts';
import { scriptPolicy } from '../doors/script-policy.ts';
import type { BuildFigures } from '../guard/guard.ts';
import type { Policy } from '../guard/policy.ts';
import type { Build } from './book.ts';
import { decoyPaths } from './decoy-paths.ts';
import type { MakeOptions } from './maker.ts';
import { seedOf } from './names.ts';
import { type Recipe, recipeWith } from './recipe.ts';
import { closeTexts, composeTexts } from './texts.ts';

/** A build that was made for a policy. */
export interface Shelved {
  readonly build: Build;
  readonly policy: Policy;
  /** Hash of all that it was made of. */
  readonly address: string;
  readonly script: Script;
  readonly figures: BuildFigures;
}

export type Make = (texts: Bundle, recipe: Recipe, options: MakeOptions) => Promise<Bundle>;

export interface ShelfParts {
  readonly secret: Uint8Array;
  readonly bundle: Bundle;
  readonly make: Make;
  /** What is to be there now. */
  readonly due: () => { readonly policy: Policy; readonly builds: readonly Build[] };
  readonly signal: AbortSignal;
}

/** Holds what is due and nothing else: two builds at most. */
export interface Shelf {
  find(build: Build, policy: Policy): Shelved | undefined;
  /** Makes what is due and missing, one after another, however often it is asked. Rejects where that fails. */
  fill(): Promise<void>;
  readonly isFilling: () => boolean;
}

export function createShelf({ secret, bundle, make, due, signal }: ShelfParts): Shelf {
  let shelved: readonly Shelved[] = [];
  let filling: Promise<void> | null = null;
  let isFirst = true;

  function orders() {
    const { policy, builds } = due();
    return builds.map((build) => {
      const recipe = recipeWith(seedOf(secret, build.names.id));
      const decoys = decoyPaths(policy.config.decoys ?? [], recipe.seed);
      const { names } = build;
      const composed = composeTexts({ policy: scriptPolicy(policy, 'default'), bundle, names, decoys, recipe });
      return { build, policy, recipe, ...composed };
    });
  }
  type Order = ReturnType<typeof orders>[number];

  async function made({ build, policy, recipe, texts, hashes }: Order): Promise<Shelved> {
    const began = performance.now();
    const closed = closeTexts(await make(texts, recipe, { ahead: !isFirst, signal }));
    const figures = { id: build.names.id, ms: performance.now() - began, bytes: gzipSync(closed.script).length };
    isFirst = false;
    return { build, policy, address: hashes.script, script: serveScript(policy.mount, closed, hashes), figures };
  }

  async function fill(): Promise<void> {
    while (!signal.aborted) {
      const wanted = orders();
      // Of another policy whose pages are the same, it is the same; and the book of another hour knows it anew.
      shelved = wanted.flatMap(({ build, hashes, policy }) => {
        const known = shelved.find(({ address }) => address === hashes.script);
        return known === undefined ? [] : [{ ...known, build, policy }];
      });
      const missing = wanted.find(({ hashes }) => shelved.every(({ address }) => address !== hashes.script));
      if (missing === undefined) return;
      shelved = [...shelved, await made(missing)];
    }
  }

  return {
    find: (build, policy) => shelved.find((each) => each.build === build && each.policy === policy),
    fill() {
      filling ??= fill().finally(() => {
        filling = null;
      });
      return filling;
    },
    isFilling: () => filling !== null,
  };
}
