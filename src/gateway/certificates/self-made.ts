import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { bits, explicit, implicit, integer, octets, oid, sequence, set, time, utf8, yes } from './der.ts';

/** Certificate, chain and private key, as PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

/** Days that a self-made certificate is good for; browsers take no longer ones. */
const DAYS = 397;

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const KEY_USAGE = '2.5.29.15';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/**
 * Makes a P-256 key and a certificate for these host names and addresses that it signs itself (RFC 5280). It is no
 * authority: who trusts it trusts these names alone.
 */
export function makeCertificate(names: readonly string[], now: number, side: 'server' | 'client' = 'server'): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(ECDSA_SHA256));
  const name = sequence(set(sequence(oid(COMMON_NAME), utf8('Sallyport, made for this machine'))));
  // Clocks differ: one that is a little behind takes it too.
  const validity = sequence(time(new Date(now - DAY_MS)), time(new Date(now + DAYS * DAY_MS)));
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial()),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, extensions(names, side === 'server' ? SERVER_AUTH : CLIENT_AUTH)),
  );
  const signature = sign('sha256', body, privateKey);
  return {
    cert: toPem(sequence(body, algorithm, bits(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function serial(): Buffer {
  const bytes = randomBytes(16);
  // Positive and without leading zeros, whatever was drawn.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function extensions(names: readonly string[], purpose: string): Buffer {
  const extension = (id: string, value: Buffer, critical = false): Buffer =>
    sequence(oid(id), ...(critical ? [yes()] : []), octets(value));
  return sequence(
    extension(BASIC_CONSTRAINTS, sequence(), true),
    // digitalSignature alone: bit 0 of one byte.
    extension(KEY_USAGE, bits(Buffer.from([0x80]), 7), true),
    extension(EXTENDED_KEY_USAGE, sequence(oid(purpose))),
    extension(SUBJECT_ALT_NAME, sequence(...names.map(generalName))),
  );
}

const DNS_NAME = 2;
const IP_ADDRESS = 7;

function generalName(name: string): Buffer {
  const version = isIP(name);
  if (version === 0) return implicit(DNS_NAME, Buffer.from(name, 'latin1'));
  return implicit(IP_ADDRESS, version === 4 ? Buffer.from(name.split('.').map(Number)) : bytesOfIPv6(name));
}

function bytesOfIPv6(address: string): Buffer {
  // Node's own parser writes the address in full; only groups and one `::` are left to expand.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = '', after] = plain.split('::');
  const left = before === '' ? [] : before.split(':');
  const right = after === undefined || after === '' ? [] : after.split(':');
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return bytes;
}

function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
