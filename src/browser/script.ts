import type { PageConfig } from '../wire/page-config.ts';
import type { LoadPart } from './context.ts';
import { installScript } from './install.ts';

/**
 * What the gate puts in front of a page's scripts. The server writes `__SALLYPORT__` before it, inside one function.
 * A fault in here must never cost the page: without us it works as it did, and the server refuses what it must.
 */
declare const __SALLYPORT__: PageConfig;

try {
  const { mount, chunks } = __SALLYPORT__;
  // An import carries the nonce of the script that asks for it and needs no Trusted Types policy. Firefox never asks again
  // for an address that failed, so each time has another one; the gate answers all alike.
  const load: LoadPart = (name, failed) => import(`${self.location.origin}${mount}/${name}.${chunks}.js#${failed}`);
  installScript(__SALLYPORT__, self.location.origin, load);
} catch {}
