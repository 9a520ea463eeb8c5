import { type ChallengeProvidersConfig, PROVIDER_SCRIPTS } from '../guard/config-challenge-providers.ts';
import { isNonce } from './script.ts';

/**
 * Elements for the scripts of providers that are to watch every page (`everyPage`); '' for none. Only for the app's own
 * pages: those on which the gate takes passwords load nobody else's script.
 */
export function providerTags(providers: ChallengeProvidersConfig, nonce: string): string {
  let tags = '';
  for (const kind of ['recaptcha', 'recaptcha-enterprise'] as const) {
    const { everyPage = false, siteKey = '', script = PROVIDER_SCRIPTS[kind] } = providers[kind] ?? {};
    if (!everyPage) continue;
    const url = new URL(script);
    url.searchParams.set('render', siteKey);
    // An address as URL writes it holds no quote, < or >, and this one no &.
    tags += `<script async src="${url.href}"${isNonce(nonce) ? ` nonce="${nonce}"` : ''}></script>`;
  }
  return tags;
}
