import { kindOf } from '../answer.ts';
import { honestClient, timeIsUp } from '../attempts.ts';
import type { RawRequest } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import type { Tally } from '../tally.ts';
import type { WireClient } from '../wire-client.ts';

/** One change to a request after it was signed. */
interface Alteration {
  readonly what: string;
  /** Signs as the page would. */
  readonly signed: (client: WireClient, lab: Lab) => RawRequest;
  readonly change: (request: RawRequest, lab: Lab) => RawRequest;
}

const own = (client: WireClient, lab: Lab): RawRequest => client.sign({ method: lab.method });
const BODY = Buffer.from('{"lab":"signed"}');
const OTHER_BODY = Buffer.from('{"lab":"forged"}');

/**
 * A GET with content, so that nothing is written even where it is let through: to the proof it is a body like any
 * other. Where the caller named another method, that method's own call carries it.
 */
const withBody = (client: WireClient, lab: Lab): RawRequest =>
  client.sign({ method: lab.method, body: BODY, contentType: 'application/json' });

/** Every change leaves a safe method safe: in report mode all of these reach the backend. */
const ALTERATIONS: readonly Alteration[] = [
  { what: 'method', signed: own, change: (r, lab) => ({ ...r, method: lab.method === 'GET' ? 'HEAD' : 'GET' }) },
  {
    what: 'path',
    signed: own,
    change: (r, lab) => retarget(r, `${lab.target.path.replace(/\/$/, '')}/${absent()}`, lab.target.query),
  },
  {
    what: 'trailing slash',
    signed: own,
    change: (r, lab) => retarget(r, `${lab.target.path}/`, lab.target.query),
  },
  {
    what: 'query',
    signed: own,
    change: (r, lab) => retarget(r, lab.target.path, `${lab.target.query}${lab.target.query === '' ? '?' : '&'}lab=1`),
  },
  { what: 'authority', signed: own, change: (r, lab) => refield(r, 'host', otherAuthority(lab)) },
  { what: 'counter', signed: own, change: (r) => reinput(r, /nonce="(\d+)"/, (n) => `nonce="${Number(n) + 1000}"`) },
  { what: 'time', signed: own, change: (r) => reinput(r, /created=(\d+)/, (n) => `created=${Number(n) - 1}`) },
  { what: 'coverage', signed: own, change: (r) => reinput(r, / ("@query")/, () => '') },
  { what: 'body', signed: withBody, change: (r) => ({ ...r, body: OTHER_BODY }) },
  { what: 'content type', signed: withBody, change: (r) => refield(r, 'content-type', 'application/vnd.lab+json') },
];

export const altered: Attacker = {
  name: 'altered',
  group: 'requests',
  title: 'request altered after signing',
  how: 'Method, path, query, authority, counter, time, coverage, content type or body changed after the honest client signed; the original is never sent.',
  steps: [
    'a way to sit between page and gate',
    'a signed request that never arrived',
    'a program that changes one part of it after the other',
  ],
  possible: 'A signed request passes after it was altered',
  async run(lab, tally) {
    const client = honestClient(lab);
    const passed: string[] = [];
    const stop = tally.meter.start();
    for (const [index, alteration] of ALTERATIONS.entries()) {
      if (timeIsUp(lab, tally, ALTERATIONS.length - index)) break;
      if (await letThrough(lab, tally, client, alteration)) passed.push(alteration.what);
    }
    tally.spent(stop());
    if (passed.length > 0) tally.note(`let through with another ${passed.join(', ')}`);
  },
};

async function letThrough(lab: Lab, tally: Tally, client: WireClient, alteration: Alteration): Promise<boolean> {
  if (alteration.signed === withBody) {
    // Only where the unaltered call passes does a refusal of the altered one say anything.
    if (kindOf(await client.sender.send(withBody(client, lab))).by !== 'backend') {
      tally.note(`${alteration.what}: not tried, this address refuses a ${lab.method} with a body`);
      return false;
    }
    tally.honest();
  }
  const kind = kindOf(await lab.sender().send(alteration.change(alteration.signed(client, lab), lab)));
  tally.add(kind);
  return kind.by === 'backend';
}

function retarget(request: RawRequest, path: string, query: string): RawRequest {
  return { ...request, target: path + query };
}

function refield(request: RawRequest, name: string, value: string): RawRequest {
  return {
    ...request,
    fields: request.fields.map((text, i) =>
      i % 2 === 1 && request.fields[i - 1]?.toLowerCase() === name ? value : text,
    ),
  };
}

function reinput(request: RawRequest, pattern: RegExp, replacement: (group: string) => string): RawRequest {
  const input = request.fields.map((text, i) =>
    i % 2 === 1 && request.fields[i - 1]?.toLowerCase() === 'signature-input'
      ? text.replace(pattern, (_, group: string) => replacement(group))
      : text,
  );
  return { ...request, fields: input };
}

/** A last segment that no backend serves. */
const absent = (): string => `lab-${crypto.randomUUID()}`;

/** The other loopback name of the same gate, which it lists too. */
function otherAuthority(lab: Lab): string {
  const { target } = lab;
  const name = target.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  return target.authority.replace(/^(\[.*\]|[^:]*)/, name);
}
