import { hkdfSync } from 'node:crypto';
import { loadBundle } from '../doors/bundle.ts';
import { hashOf, type Script } from '../doors/script.ts';
import type { BuildsRule } from '../guard/config-builds.ts';
import type { BuildFigures } from '../guard/guard.ts';
import type { Policy } from '../guard/policy.ts';
import { PROTOCOL } from '../wire/constants.ts';
import { type Build, createBuildBook, type LiveBuilds } from './book.ts';
import { makeTexts } from './maker.ts';
import { recipeWith, versionOf } from './recipe.ts';
import { createShelf, type Make, type Shelved } from './shelf.ts';

/** Builds of the page's script (docs/builds.md): which are taken, and the one that pages get. */
export interface Builds {
  /** The builds that are taken now. */
  readonly live: () => LiveBuilds;
  /**
   * The script of a policy, in the build of now. Until that is made, which takes seconds, pages go on with the one before.
   * Nothing may be asked of it before {@link ready}.
   */
  scriptFor(policy: Policy): Script;
  /** Settles once there is a script to serve. Rejects where none can be made. */
  ready(): Promise<void>;
  readonly figures: () => BuildFigures;
  close(): void;
}

export interface BuildsParts {
  /** The gate's. */
  readonly secret: Uint8Array;
  readonly rule: BuildsRule;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** Default: javascript-obfuscator, in a process of its own. */
  readonly make?: Make;
}

/** So long before its turn the next build is made. */
const AHEAD_MS = 600_000;
/** How often is looked whether anything is to be made: where that failed, it is tried again. */
const LOOK_MS = 60_000;

/** Throws ConfigError where the package that makes builds is missing. */
export async function openBuilds(parts: BuildsParts): Promise<Builds> {
  const { rule, wall, make = makeTexts } = parts;
  recipeWith(0);
  const secret = Buffer.from(hkdfSync('sha256', parts.secret, '', `${PROTOCOL} builds`, 32));
  const bundle = await loadBundle('named');
  const marks = [versionOf('../../package.json'), hashOf(JSON.stringify(bundle))];
  const book = createBuildBook({ secret, rule, marks, wall });
  const closed = new AbortController();
  let wanted: Policy;
  let served: Shelved | null = null;
  /** What pages get now, and shortly before its turn what they get next. */
  const due = (): readonly Build[] => {
    const { current, next } = book.live();
    return next !== null && book.turns() - wall() <= AHEAD_MS ? [current, next] : [current];
  };
  const { signal } = closed;
  const shelf = createShelf({ secret, bundle, make, signal, due: () => ({ policy: wanted, builds: due() }) });
  let failed = false;
  const look = (): void => {
    failed = false;
    shelf.fill().catch((error: unknown) => {
      failed = true;
      if (!signal.aborted) process.emitWarning(`${String(error)}; pages keep the build they have`);
    });
  };
  const latest = (): Shelved => {
    const { current } = book.live();
    if (served?.build !== current || served.policy !== wanted) {
      const found = shelf.find(current, wanted);
      if (found !== undefined) served = found;
      else if (!failed && !shelf.isFilling()) look();
    }
    if (served === null) throw new TypeError('no build has been made yet: await ready()');
    return served;
  };
  const timer = setInterval(look, LOOK_MS).unref();
  const script = scriptOf(() => latest().script);
  return {
    live: withLate(book.live, () => (served === null ? null : latest().build)),
    scriptFor(policy) {
      wanted = policy;
      if (served !== null) look();
      return script;
    },
    async ready() {
      await shelf.fill();
      latest();
    },
    figures: () => latest().figures,
    close() {
      clearInterval(timer);
      closed.abort();
    },
  };
}

/** Whoever holds it has the script of now. */
function scriptOf(now: () => Script): Script {
  return {
    get hash() {
      return now().hash;
    },
    get path() {
      return now().path;
    },
    get text() {
      return now().text;
    },
    get worker() {
      return now().worker;
    },
    tag: (nonce) => now().tag(nonce),
    serve: (path, saving) => now().serve(path, saving),
  };
}

/** A build that pages still get, because the one of now could not be made, is taken: nobody would come in otherwise. */
function withLate(live: () => LiveBuilds, served: () => Build | null): () => LiveBuilds {
  let known: { readonly of: LiveBuilds; readonly late: Build; readonly live: LiveBuilds } | null = null;
  return () => {
    const now = live();
    const late = served();
    if (late === null || now.entering.has(late.names.id)) return now;
    if (known?.of !== now || known.late !== late) {
      const entering = new Map([...now.entering, [late.names.id, late]]);
      known = { of: now, late, live: { ...now, entering, reading: [...now.reading, late] } };
    }
    return known.live;
  };
}
