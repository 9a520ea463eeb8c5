import type { Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';
import { networkSet } from '../lib/network-set.ts';
import { visible } from '../lib/visible.ts';
import type { Log } from './log.ts';

/**
 * Says once what of the configuration does not fit the way that requests take: a proxy that is not believed, and one that puts
 * another name into Host. Anybody can send such fields, so nothing follows from it but these lines.
 *
 * @param trusted networks of proxies, as configured
 */
export function createWayWarnings(
  log: Pick<Log, 'warn'>,
  trusted: () => readonly string[],
): (decision: Decision, view: RequestView) => void {
  const told = new Set<string>();
  let listed = { of: trusted(), set: networkSet(trusted()) };
  const isListed = (peer: string): boolean => {
    const of = trusted();
    if (of !== listed.of) listed = { of, set: networkSet(of) };
    return listed.set.has(peer);
  };
  const tell = (code: string, text: string, seen: Readonly<Record<string, string>>): void => {
    told.add(code);
    log.warn(text, { code, ...seen });
  };
  return (decision, view) => {
    if (told.size === CODES) return;
    const peer = peerOf(view);
    if (!told.has(UNTRUSTED) && isForwarded(view) && OWN.has(peer) && !isListed(peer))
      tell(UNTRUSTED, UNTRUSTED_TEXT, { peer });
    if (!told.has(RENAMED) && isRenamed(decision, view))
      tell(RENAMED, RENAMED_TEXT, { host: short(decision.authority), origin: short(view.headers.origin) });
  };
}

const CODES = 2;
const UNTRUSTED = 'untrusted-proxy';
const UNTRUSTED_TEXT =
  'a program in a network of yours sends forwarding headers and is not believed; if it is your proxy, list it in trustedProxies: until then all that come through it count as one address';
const RENAMED = 'host-renamed';
const RENAMED_TEXT =
  'a browser calls its page and this gate one origin, but Host and Origin differ; let the proxy in front pass Host on as it came, or send X-Forwarded-Host and list it in trustedProxies';

/** Where proxies of one's own stand. From elsewhere anybody may write such fields. */
const OWN = networkSet([
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
]);

const peerOf = ({ peer }: RequestView): string => peer.replace(/^::ffff:(?=\d+\.)/, '');

const isForwarded = ({ headers }: RequestView): boolean =>
  headers.xForwardedFor !== '' || headers.xForwardedProto !== '' || headers.xForwardedHost !== '';

/** Only a browser’s own word for “same origin” tells such a proxy from a page of another site. */
function isRenamed({ trail, authority }: Decision, { headers }: RequestView): boolean {
  if (headers.secFetchSite !== 'same-origin' || !trail.some(({ code }) => code === 'origin' || code === 'host'))
    return false;
  const page = URL.parse(headers.origin);
  return page !== null && page.host !== authority;
}

const short = (text: string): string => visible(text.slice(0, 120));
