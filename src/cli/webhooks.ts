import type { Webhook } from '../gateway/webhooks.ts';
import { quoted } from '../gateway/found.ts';
import { count, type Paint, shown, table } from './terminal.ts';

/** What looks like webhooks, for `status` and `enforce`; '' where nothing does. A person decides: nothing is opened by itself. */
export function formatWebhooks(webhooks: readonly Webhook[], paint: Paint): string {
  if (webhooks.length === 0) return '';
  const rows = webhooks.map(({ match, requests, networks, signedBy }) => [
    shown(match),
    count(requests, 'request'),
    `from ${count(networks, 'network')}`,
    signedBy === ''
      ? paint.careful('not signed: whoever knows the address can send one')
      : `signed by ${shown(signedBy)}`,
  ]);
  const list = webhooks.map(({ match }) => quoted(match)).join(', ');
  const flags = webhooks.map(({ match }) => `--open ${quoted(match)}`).join(' ');
  return `${paint.careful('Look like webhooks')}: only programs call these, and the backend takes what they send\n${table(rows)}\n\nEnforce mode refuses them. Those that you know, and whose signature your backend checks, belong into your configuration:\n  open: [${list}],\nor on the command line: ${flags}`;
}
