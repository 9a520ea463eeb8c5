import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { type Probe, PROBE_PARAMETER } from '../../gateway/probes.ts';
import { type Finding, fine, unknown, wrong } from './finding.ts';
import { get, NAVIGATION } from './http.ts';

export interface WayQuestion {
  /** Origin that people use; '' where none was named. */
  readonly public: string;
  /** Origin by which this machine reaches the gate. */
  readonly local: string;
  /** Reads from the gate how requests arrived. */
  probes(): Promise<readonly Probe[]>;
}

/** Address of nobody (RFC 5737): if the gate goes by it, it believed what anybody can write. */
const FORGED = '203.0.113.77';

/** Whether the gate sees Host, scheme and addresses as people use them, and believes nobody it should not. */
export async function examineWay(question: WayQuestion): Promise<Finding[]> {
  const origin = question.public === '' ? question.local : question.public;
  const nonce = randomBytes(15).toString('base64url');
  const answer = await get(`${origin}/?${PROBE_PARAMETER}=${nonce}`, { ...NAVIGATION, 'x-forwarded-for': FORGED });
  const probe = (await question.probes()).find((seen) => seen.nonce === nonce);
  if (probe === undefined) {
    const how = answer.status === 0 ? answer.trouble : `something answered ${answer.status}`;
    const text = `a request to ${origin} did not arrive at this gate (${how})`;
    return [
      question.public === ''
        ? unknown('proxies', text)
        : wrong('proxies', text, 'check that the public address leads to this gate'),
    ];
  }
  return [hostFinding(probe, origin, question), proxyFinding(probe, question)];
}

function hostFinding(probe: Probe, origin: string, question: WayQuestion): Finding {
  const { host, protocol } = new URL(origin);
  if (probe.code === 'host') {
    const named = probe.authority === host ? host : probe.authority;
    const fix =
      question.public === ''
        ? `hosts: ['${named}'],`
        : `public: '${question.public}',${named === host ? '' : ` hosts: ['${named}'],`}`;
    return wrong('host', `the gate does not answer for the Host it sees there, ${named}`, fix);
  }
  if (question.public !== '' && probe.authority !== host && untrustedProxy(probe) === '') {
    return wrong(
      'host',
      `people use ${host}, and the gate sees Host ${probe.authority}: signatures cover the name, so they would not fit`,
      'let the proxy pass the Host header on unchanged, or send X-Forwarded-Host',
    );
  }
  if (protocol === 'https:' && !probe.secure && untrustedProxy(probe) === '') {
    return wrong(
      'host',
      'people use HTTPS, and the gate takes the connection for plain HTTP',
      'let the proxy send X-Forwarded-Proto: https',
    );
  }
  return fine('host', `the gate answers for ${host}`);
}

function proxyFinding(probe: Probe, question: WayQuestion): Finding {
  if (probe.address === FORGED && question.public === '') {
    return unknown(
      'proxies',
      'programs on this machine are listed as proxies, so the way that people take cannot be judged from here',
      'doctor --public ORIGIN takes it',
    );
  }
  if (probe.address === FORGED) {
    return wrong(
      'proxies',
      'the gate believed an X-Forwarded-For that the client wrote itself',
      'let the proxy append the address it sees, and list in trustedProxies only networks of your proxies',
    );
  }
  const peer = untrustedProxy(probe);
  if (peer !== '') {
    return wrong(
      'proxies',
      `a proxy at ${peer} sends forwarding headers, and the gate does not believe it: every visitor counts as ${peer}`,
      `trustedProxies: ['${peer}/${isIP(peer) === 6 ? 128 : 32}'],`,
    );
  }
  const hops = probe.xForwardedFor.split(',').length;
  if (question.public === '')
    return fine(
      'proxies',
      'a forged X-Forwarded-For changes nothing; --public ORIGIN looks at the way that people take',
    );
  return fine(
    'proxies',
    hops > 1
      ? `the gate sees visitors’ addresses through ${hops - 1} proxy${hops > 2 ? ' hops' : ''}`
      : 'no proxy adds forwarding headers',
  );
}

/** The peer that sent forwarding fields of its own and is not listed; '' where there is none. */
function untrustedProxy(probe: Probe): string {
  const peer = probe.peer.replace(/^::ffff:(?=\d+\.)/, '');
  const added =
    probe.xForwardedProto !== '' ||
    probe.xForwardedHost !== '' ||
    probe.forwarded !== '' ||
    probe.xForwardedFor.trim() !== FORGED;
  return added && probe.address === peer ? peer : '';
}
