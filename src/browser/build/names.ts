import type { BuildNames } from '../../wire/build.ts';

/**
 * What this build of the script calls things (docs/builds.md). The server writes `__SALLYPORT_BUILD__` before the script.
 * A page that has been open for longer than its build is taken loads the script of now, which hands its names over.
 */
declare const __SALLYPORT_BUILD__: BuildNames;

let names: BuildNames | undefined;

export function current(): BuildNames {
  names ??= __SALLYPORT_BUILD__;
  return names;
}

/** Under which a page that waits for other names is found by the script that brings them. */
const WAITING = 'sallyport build';

/** Gives this script's names to a page that an earlier build has installed in. */
export function handOver(): void {
  const waiting: unknown = Reflect.get(self, Symbol.for(WAITING));
  if (typeof waiting === 'function') waiting(current());
}

let loading: Promise<void> | undefined;

/** Takes over the names of the build that `mount` serves now. Rejects where it cannot be loaded. */
export function adopt(mount: string): Promise<void> {
  loading ??= load(mount).finally(() => {
    loading = undefined;
  });
  return loading;
}

async function load(mount: string): Promise<void> {
  Object.defineProperty(self, Symbol.for(WAITING), {
    configurable: true,
    value: (next: BuildNames) => {
      names = next;
    },
  });
  try {
    // Any hash gets the script of now; each address is run once only.
    await import(`${mount}/s.${Date.now().toString(16).padStart(16, '0')}.js`);
  } finally {
    Reflect.deleteProperty(self, Symbol.for(WAITING));
  }
}
