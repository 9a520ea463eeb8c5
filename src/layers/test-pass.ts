import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { PASS, refusal } from '../guard/decision.ts';
import type { KeyAlarm } from '../guard/keys.ts';
import type { Layer } from '../guard/layer.ts';
import type { KeyFacts } from '../guard/subject.ts';
import { SKEW_SECONDS } from '../wire/constants.ts';
import { parsePass, TEST_PASS_MOST_SECONDS, type ParsedPass } from '../wire/test-pass.ts';

const REFUSED = refusal(
  'test-pass',
  'no pass: this gate trusts none, or not this one (`testPasses` in its configuration)',
);

/** What a request with a pass is called in records. */
export const TESTS: KeyFacts = Object.freeze({ id: 'test-pass', account: 'tests', scopes: Object.freeze([]) });

export interface TestPassParts {
  /** Told where a pass is shown to a gate that trusts none. */
  readonly alarm: (alarm: KeyAlarm) => void;
}

/**
 * Passes of automated tests. A gate that trusts the key they are signed by lets a request with one in without a page, but
 * for what a page has signed itself, which is judged as ever. Every other gate refuses them with a code of their own, and
 * says so to its owner: whoever presents one there has mistaken production for a test.
 */
export function createTestPass({ alarm }: TestPassParts): Layer {
  return {
    name: 'test-pass',
    forRoute: (route, policy) => {
      const trusted = policy.config.testPasses?.publicKey;
      const key = trusted === undefined ? null : createPublicKey(trusted);
      return (request, context) => {
        const shown = request.headers.sallyportTestPass;
        if (shown === '') return PASS;
        const pass = parsePass(shown);
        const once = !request.repeated.includes('sallyport-test-pass');
        if (key !== null && pass !== null && once && holds(pass, key, context.now, context.authority)) {
          if (request.headers.signatureInput === '') context.key = TESTS;
          return PASS;
        }
        const { prefix, now: at } = context;
        if (pass !== null && key === null)
          alarm({ key: '', account: '', where: 'test-pass', route: route.name, prefix, at });
        return REFUSED;
      };
    },
  };
}

function holds(pass: ParsedPass, key: KeyObject, now: number, authority: string): boolean {
  const { issued, expires, base, signature } = pass;
  const seconds = now / 1000;
  if (pass.authority !== '' && pass.authority !== authority) return false;
  if (expires - issued > TEST_PASS_MOST_SECONDS || issued > seconds + SKEW_SECONDS || seconds >= expires) return false;
  return verify(null, Buffer.from(base), key, signature);
}
