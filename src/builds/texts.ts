import type { Bundle, ScriptHashes, ScriptPolicy } from '../doors/script.ts';
import { hashOf } from '../doors/script.ts';
import type { BuildNames } from '../wire/build.ts';
import { toPageConfig } from '../wire/page-config.ts';
import type { Recipe } from './recipe.ts';

/** What a build's texts are made of: equal parts give equal texts, in every process. */
export interface TextParts {
  readonly policy: ScriptPolicy;
  /** The bundle whose wire has names of its own. */
  readonly bundle: Bundle;
  readonly names: BuildNames;
  /** Paths that nobody calls, and nothing in the script uses. */
  readonly decoys: readonly string[];
  readonly recipe: Recipe;
}

/** The texts of a build before they are made hard to read, by name, and the hashes that they are served under. */
export interface Texts {
  readonly texts: Bundle;
  readonly hashes: ScriptHashes;
}

export function composeTexts({ policy, bundle, names, decoys, recipe }: TextParts): Texts {
  const hash = hashOf(JSON.stringify([policy, bundle, names, decoys, recipe]));
  const config = { ...toPageConfig({ ...policy, chunks: hash }), ...(decoys.length > 0 ? { links: decoys } : {}) };
  const front = `const __SALLYPORT__=${JSON.stringify(config)},__SALLYPORT_BUILD__=${JSON.stringify(names)};\n`;
  const texts = { ...bundle, script: front + bundle.script, worker: front + bundle.worker };
  return { texts, hashes: { script: hash, worker: hash, chunks: hash } };
}

/** What leaves no name in the page: the two scripts that are no modules, in a function. */
export function closeTexts(bundle: Bundle): Bundle {
  const wrap = (text: string): string => `(()=>{${text}\n})();\n`;
  return { ...bundle, script: wrap(bundle.script), worker: wrap(bundle.worker) };
}
