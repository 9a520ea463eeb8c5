import * as z from 'zod/mini';
import type { Config } from './config.ts';
import type { Rule } from './config-rules.ts';
import * as rules from './config-rules.ts';
import { choice, fields, flag, list, optional, text, whole } from './config-schema-parts.ts';
import { type TlsConfig, tlsOf } from './config-tls.ts';
import type { ConfigProblem } from './errors.ts';
import { isLoopback } from '../lib/loopback.ts';

const domain: Rule = (value) => {
  if (value.includes('*')) return 'list each name: a wildcard needs a challenge by DNS, which the gate does not do';
  const labels = value.split('.');
  const plain = value.length <= 253 && labels.length > 1 && labels.every((label) => LABEL.test(label));
  return plain && !/^\d+$/.test(labels.at(-1) ?? '') ? '' : 'write a name in lower case, as in app.example';
};
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const directoryUrl: Rule = (value) => {
  const url = URL.parse(value);
  if (url?.protocol !== 'https:') return 'write the https:// address of the authority’s ACME directory';
  return url.username === '' && url.hash === '' ? '' : 'this address has no user and no #';
};

const email: Rule = (value) => (/^[^\s@:]+@[^\s@:]+$/.test(value) ? '' : 'write an address, as in ops@app.example');

const AGREE = 'write true once you have read the authority’s terms of service and agree';

const acmeSchema = fields({
  domains: list(text(domain), 'write a list of names, as in ["app.example"]').check(
    z.minLength(1, 'name at least one, as in ["app.example"]'),
    z.maxLength(100, 'a certificate takes at most 100 names'),
  ),
  email: optional(text(email)),
  directory: optional(text(directoryUrl)),
  directoryCa: optional(text(rules.nonEmpty)),
  termsOfServiceAgreed: z.literal(true, AGREE),
  challenge: optional(choice('http-01', 'tls-alpn-01')),
  http: optional(text(rules.hostAndPort)),
});

const fileRule = 'write the path of a PEM file';

const filesSchema = fields({
  cert: optional(text(rules.nonEmpty, fileRule)),
  key: optional(text(rules.nonEmpty, fileRule)),
  more: optional(
    list(
      fields({ cert: text(rules.nonEmpty, fileRule), key: text(rules.nonEmpty, fileRule) }),
      'write a list, as in [{ cert: "other.pem", key: "other.key" }]',
    ),
  ),
  self: optional(flag),
  acme: optional(acmeSchema),
  dir: optional(text(rules.nonEmpty, 'write the path of a folder')),
  clientCa: optional(text(rules.nonEmpty, fileRule)),
});

/** `'self'` alone is spelled out, so that the fields have one form from here on. */
export const tlsSchema = z.pipe(
  z.pipe(
    z.transform((value: unknown) => (value === 'self' ? { self: true } : value)),
    filesSchema,
  ),
  z.transform((tls): TlsConfig | 'self' => tls),
);

export const hstsSchema = z.union(
  [
    z.literal(false),
    fields({
      maxAge: optional(whole(0, 'seconds')),
      includeSubDomains: optional(flag),
      preload: optional(flag),
    }),
  ],
  'write false, or an object, as in { maxAge: 31536000, includeSubDomains: true }',
);

const problem = (field: string, value: unknown, rule: string): ConfigProblem => ({
  field,
  value: value === undefined ? 'nothing' : JSON.stringify(value),
  rule,
});

const ONE_YEAR = 31_536_000;

/** What is wrong between the fields of `tls` and `hsts`. */
export function tlsProblems(config: Config): ConfigProblem[] {
  return [...sources(config), ...hsts(config)];
}

function sources(config: Config): ConfigProblem[] {
  const tls = tlsOf(config.tls);
  if (tls === null) return [];
  const { cert, key, self, acme } = tls;
  const problems: ConfigProblem[] = [];
  if (cert !== undefined && key === undefined) {
    problems.push(problem('tls.key', key, 'a certificate needs its private key: name its PEM file'));
  }
  if (key !== undefined && cert === undefined) {
    problems.push(problem('tls.cert', cert, 'a private key needs its certificate: name its PEM file'));
  }
  const given = [cert !== undefined || key !== undefined, self === true, acme !== undefined].filter(Boolean).length;
  const rule = 'give one of cert with key, self, or acme';
  if (given !== 1) problems.push(problem('tls', given === 0 ? tls : Object.keys(tls), rule));
  if (acme !== undefined && isLoopback(new URL(config.public ?? 'https://app.example').hostname)) {
    problems.push(problem('tls.acme', acme.domains, 'no authority certifies loopback names; write tls: "self" there'));
  }
  const host = config.public === undefined ? '' : new URL(config.public).hostname;
  if (acme !== undefined && host !== '' && !isLoopback(host) && !acme.domains.includes(host)) {
    problems.push(problem('tls.acme.domains', acme.domains, `people arrive at ${host} (public): list it too`));
  }
  return problems;
}

/** What browsers’ preload lists ask of a name (https://hstspreload.org), where it asks to be on them. */
function hsts({ hsts: settings, public: origin }: Config): ConfigProblem[] {
  if (settings === undefined || settings === false) return [];
  const problems: ConfigProblem[] = [];
  if (!origin?.startsWith('https:')) {
    problems.push(problem('hsts', settings, 'this is for a public HTTPS name; write public: "https://…" too'));
  }
  if (settings.preload === true && (settings.includeSubDomains !== true || (settings.maxAge ?? ONE_YEAR) < ONE_YEAR)) {
    problems.push(
      problem(
        'hsts.preload',
        true,
        `preload lists ask for includeSubDomains: true and a maxAge of ${ONE_YEAR} or more`,
      ),
    );
  }
  return problems;
}
