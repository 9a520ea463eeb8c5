import { createHash } from 'node:crypto';
import type { Answer } from '../guard/decision.ts';
import { toPageConfig } from '../wire/page-config.ts';
import type { ScriptConfig } from '../wire/script-config.ts';

/** The text that esbuild makes of src/browser (doors/bundle.ts). */
export interface Bundle {
  /** Statements; they see the configuration as `__SALLYPORT__`. */
  readonly script: string;
  /** The same for workers, with all parts in it. */
  readonly worker: string;
  /** Parts loaded on demand, by name. */
  readonly chunks: Readonly<Record<string, string>>;
}

/** The page's script as it is served. */
export interface Script {
  /** 16 hex digits of SHA-256 over the script, configuration included. */
  readonly hash: string;
  /** Path of the script. */
  readonly path: string;
  readonly text: string;
  /** What goes in front of a worker's script: its text, and an address by which a module imports it. */
  readonly worker: { readonly url: string; readonly text: string };
  /** The element for pages; `nonce` where the page's policy uses one, else ''. */
  tag(nonce: string): string;
  /** Answers a path under the mount; null where it names no script. Older hashes get the current text, uncached. */
  serve(path: string): Answer | null;
}

/** What a policy knows of its script; the chunks' addresses are found here. */
export type ScriptPolicy = Omit<ScriptConfig, 'chunks'>;

/** `s` is the script itself, `w` the one for workers; chunks have other names. */
const SCRIPT_NAME = 's';
const WORKER_NAME = 'w';
const NAME = /^([a-z][a-z0-9-]{0,31})\.([0-9a-f]{16})\.js$/;

export function createScript(policy: ScriptPolicy, bundle: Bundle): Script {
  const texts = new Map(Object.entries(bundle.chunks));
  // One hash for all: the script names each part by what it is called, and carries sixteen digits instead of a table.
  const chunks = hashOf(JSON.stringify([...texts]));
  const config = toPageConfig({ ...policy, chunks });
  // One wrapper, so that neither configuration nor bundle leaves a name in the page.
  const wrap = (script: string) => `(()=>{const __SALLYPORT__=${JSON.stringify(config)};\n${script}\n})();\n`;
  const text = wrap(bundle.script);
  const worker = wrap(bundle.worker);
  texts.set(SCRIPT_NAME, text);
  texts.set(WORKER_NAME, worker);
  const hash = hashOf(text);
  const ownHashes = new Map([
    [SCRIPT_NAME, hash],
    [WORKER_NAME, hashOf(worker)],
  ]);
  const path = `${policy.mount}/${SCRIPT_NAME}.${hash}.js`;
  return {
    hash,
    path,
    text,
    worker: { url: `${policy.mount}/${WORKER_NAME}.${ownHashes.get(WORKER_NAME)}.js`, text: worker },
    tag: (nonce) => `<script src="${path}"${isNonce(nonce) ? ` nonce="${nonce}"` : ''}></script>`,
    serve(requested) {
      if (!requested.startsWith(`${policy.mount}/`)) return null;
      const [, name = '', asked = ''] = NAME.exec(requested.slice(policy.mount.length + 1)) ?? [];
      const content = texts.get(name);
      return content === undefined ? null : answer(content, asked === (ownHashes.get(name) ?? chunks));
    },
  };
}

/** base64 in either alphabet (CSP3 §2.3.1): nothing that could end the attribute. */
export function isNonce(text: string): boolean {
  return /^[A-Za-z0-9+/_-]{1,256}={0,2}$/.test(text);
}

function answer(body: string, current: boolean): Answer {
  const fields = [
    'content-type',
    'text/javascript; charset=utf-8',
    'cache-control',
    current ? 'public, max-age=31536000, immutable' : 'no-cache',
    'cross-origin-resource-policy',
    'cross-origin',
    'access-control-allow-origin',
    '*',
    'x-content-type-options',
    'nosniff',
  ];
  return { status: 200, fields, body };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
