import { DEFAULT_IPV6_PREFIX } from '../guard/config-addresses.ts';
import { PASS } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import type { RequestView } from '../guard/view.ts';
import { formatAddress, inNetwork, type Network, parseAddress, parseNetwork, prefixOf } from '../lib/address.ts';

const REMEMBERED_PEERS = 4096;
/** Longer chains are not walked to their end: what lies beyond is counted as the last hop seen. */
const MAX_HOPS = 16;

/**
 * Who is calling, by address. Forwarding fields count only where the socket's peer lies in a listed network, and
 * are walked from the right over listed hops (R6, R7). Never refuses: an address is a budget key, never validity.
 */
export const address: Layer = {
  name: 'address',
  preflight: true,
  forRoute: (_route, policy) => {
    const networks = (policy.config.trustedProxies ?? []).map(parseNetwork).filter((network) => network !== null);
    const ipv6Bits = policy.config.addresses?.ipv6Prefix ?? DEFAULT_IPV6_PREFIX;
    const plain = createPeers(ipv6Bits);
    return (request, context) => {
      if (networks.length === 0 || !listed(networks, request.peer)) {
        const known = plain(request.peer);
        context.address = known.address;
        context.prefix = known.prefix;
      } else {
        believe(request, context, networks, ipv6Bits);
      }
      return PASS;
    };
  },
};

interface Peer {
  readonly address: string;
  readonly prefix: string;
}

/** Peers come back: the parsed form of the last few thousand is kept, the oldest forgotten in bulk. */
function createPeers(ipv6Bits: number): (peer: string) => Peer {
  let known = new Map<string, Peer>();
  return (peer) => {
    const found = known.get(peer);
    if (found !== undefined) return found;
    if (known.size >= REMEMBERED_PEERS) known = new Map();
    const made = toPeer(peer, ipv6Bits);
    known.set(peer, made);
    return made;
  };
}

function toPeer(text: string, ipv6Bits: number): Peer {
  const parsed = parseAddress(text);
  // A Unix socket has no address: all that comes by it counts as one.
  return parsed === null
    ? { address: '', prefix: 'local' }
    : { address: formatAddress(parsed), prefix: prefixOf(text, ipv6Bits) };
}

function listed(networks: readonly Network[], text: string): boolean {
  return networks.some((network) => inNetwork(text, network));
}

function believe(request: RequestView, context: Context, networks: readonly Network[], ipv6Bits: number): void {
  const client = toPeer(clientOf(request, networks), ipv6Bits);
  context.address = client.address;
  context.prefix = client.prefix;
  const xForwardedProto = wholeField(request, 'x-forwarded-proto', request.headers.xForwardedProto);
  const xForwardedHost = wholeField(request, 'x-forwarded-host', request.headers.xForwardedHost);
  if (xForwardedProto !== '') context.secure = last(xForwardedProto).toLowerCase() === 'https';
  if (xForwardedHost !== '') context.authority = last(xForwardedHost).toLowerCase();
}

/** The right-most address that is not one of our own hops; a malformed entry ends the walk at the hop before. */
function clientOf(request: RequestView, networks: readonly Network[]): string {
  const hops = wholeField(request, 'x-forwarded-for', request.headers.xForwardedFor).split(',').slice(-MAX_HOPS);
  let client = request.peer;
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = (hops[i] as string).trim();
    if (parseAddress(hop) === null) return client;
    client = hop;
    if (!listed(networks, hop)) return client;
  }
  return client;
}

/** Some proxies add a line of their own behind the client's instead of a member (RFC 9110 §5.3): all lines count. */
function wholeField(request: RequestView, name: string, first: string): string {
  if (request.repeated.length === 0 || !request.repeated.includes(name)) return first;
  const lines: string[] = [];
  for (let i = 0; i + 1 < request.fields.length; i += 2) {
    if (request.fields[i]?.toLowerCase() === name) lines.push(request.fields[i + 1] ?? '');
  }
  return lines.join(',');
}

/** The last member was written by the hop next to us. */
function last(list: string): string {
  return list.slice(list.lastIndexOf(',') + 1).trim();
}
