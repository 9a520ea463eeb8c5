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
  /**
   * Answers a path under the mount; null where it names no script. Older hashes get the current text, uncached. `saving`: the
   * browser asks to be spared what is not needed.
   */
  serve(path: string, saving?: boolean): Answer | null;
}

/** What a policy knows of its script; the chunks' addresses are found here. */
export type ScriptPolicy = Omit<ScriptConfig, 'chunks'>;

/** `s` is the script itself, `w` the one for workers; chunks have other names. */
const SCRIPT_NAME = 's';
const WORKER_NAME = 'w';
/** What a page can do without, for browsers that save data: the same part with nothing in it. */
const SPARED: ReadonlyMap<string, string> = new Map([['interaction', 'export const start=()=>{};\n']]);
const NAME = /^([a-z][a-z0-9-]{0,31})\.([0-9a-f]{16})\.js$/;

export function createScript(policy: ScriptPolicy, bundle: Bundle): Script {
  // One hash for all: the script names each part by what it is called, and carries sixteen digits instead of a table.
  const chunks = hashOf(JSON.stringify(Object.entries(bundle.chunks)));
  const config = toPageConfig({ ...policy, chunks });
  // One wrapper, so that neither configuration nor bundle leaves a name in the page.
  const wrap = (script: string) => `(()=>{const __SALLYPORT__=${JSON.stringify(config)};\n${script}\n})();\n`;
  const texts = { ...bundle, script: wrap(bundle.script), worker: wrap(bundle.worker) };
  return serveScript(policy.mount, texts, { script: hashOf(texts.script), worker: hashOf(texts.worker), chunks });
}

/** Hashes in the addresses of a script's texts: 16 hex digits. */
export interface ScriptHashes {
  readonly script: string;
  readonly worker: string;
  readonly chunks: string;
}

/** Serves texts as they are. */
export function serveScript(mount: string, { script: text, worker, chunks }: Bundle, hashes: ScriptHashes): Script {
  const texts = new Map(Object.entries(chunks));
  texts.set(SCRIPT_NAME, text);
  texts.set(WORKER_NAME, worker);
  const ownHashes = new Map([
    [SCRIPT_NAME, hashes.script],
    [WORKER_NAME, hashes.worker],
  ]);
  const path = `${mount}/${SCRIPT_NAME}.${hashes.script}.js`;
  return {
    hash: hashes.script,
    path,
    text,
    worker: { url: `${mount}/${WORKER_NAME}.${hashes.worker}.js`, text: worker },
    tag: (nonce) => `<script src="${path}"${isNonce(nonce) ? ` nonce="${nonce}"` : ''}></script>`,
    serve(requested, saving = false) {
      if (!requested.startsWith(`${mount}/`)) return null;
      const [, name = '', asked = ''] = NAME.exec(requested.slice(mount.length + 1)) ?? [];
      const spared = saving ? SPARED.get(name) : undefined;
      if (spared !== undefined) return answer(spared, false);
      const content = texts.get(name);
      return content === undefined ? null : answer(content, asked === (ownHashes.get(name) ?? hashes.chunks));
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

/** 16 hex digits of SHA-256. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
