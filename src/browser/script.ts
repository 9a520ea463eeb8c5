import type { PageConfig } from '../wire/page-config.ts';
import type { Chunks } from './context.ts';
import { installScript } from './install.ts';

/**
 * What the gate puts in front of a page's scripts. The server writes `__SALLYPORT__` before it, inside one function.
 * A fault in here must never cost the page: without us it works as it did, and the server refuses what it must.
 */
declare const __SALLYPORT__: PageConfig;

try {
  const { mount, chunks } = __SALLYPORT__;
  // An import carries the nonce of the script that asks for it, needs no Trusted Types policy and is made once.
  const load: Chunks = (name) => import(`${self.location.origin}${mount}/${name}.${chunks}.js`);
  installScript(__SALLYPORT__, self.location.origin, load);
} catch {}
