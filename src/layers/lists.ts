import { ANY_ADDRESS } from '../guard/config-addresses.ts';
import { PASS, type Refusal, refusal } from '../guard/decision.ts';
import type { Check, Context, Layer } from '../guard/layer.ts';
import type { AddressLists } from '../guard/lists.ts';
import type { Policy } from '../guard/policy.ts';
import { type NetworkSet, networkSet } from '../lib/network-set.ts';

const NOT_ALLOWED = refusal('forbidden', 'an address in a network that `addresses.allow` names');
const DENIED = refusal('banned', 'an address outside the networks that `addresses.deny` names');
const LISTED = refusal('banned', 'an address on no list of `addresses.lists`; `except` of a list takes networks out');

/**
 * Keeps out networks: all but those that are allowed, those that are denied, those on published lists. Comes right after the
 * address is known. A proxy of our own is on no list: it is not who calls.
 *
 * @param lists null where there are none
 */
export function createLists(lists: AddressLists | null): Layer {
  const proxies = new WeakMap<Policy, NetworkSet>();
  const check: Check = (_request, context) => {
    const known = proxies.get(context.policy) ?? networkSet(context.policy.config.trustedProxies ?? []);
    proxies.set(context.policy, known);
    const refused = broken(lists, known, context);
    if (refused === '') return PASS;
    if (typeof refused !== 'string') return refused;
    context.evidence = `on ${refused}`;
    return LISTED;
  };
  return {
    name: 'lists',
    preflight: true,
    forRoute: ({ addresses }) => (addresses === ANY_ADDRESS ? null : check),
    // What came on a list meanwhile ends what it had opened.
    stands: check,
  };
}

/** The refusal, or the name of the list; '' for neither. */
function broken(lists: AddressLists | null, proxies: NetworkSet, { address, route }: Context): Refusal | string {
  const { allow, deny, lists: asksLists } = route.addresses;
  for (const networks of allow) if (!networks.has(address)) return NOT_ALLOWED;
  if (proxies.size > 0 && proxies.has(address)) return '';
  for (const networks of deny) if (networks.has(address)) return DENIED;
  return asksLists && lists !== null ? lists.find(address) : '';
}
