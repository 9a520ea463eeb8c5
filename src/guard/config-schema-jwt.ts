import * as z from 'zod/mini';
import type { JwtConfig } from './config-jwt.ts';
import type { Config } from './config.ts';
import * as login from './config-rules-login.ts';
import type { Rule } from './config-rules.ts';
import * as rules from './config-rules.ts';
import { headerName } from './config-schema-accounts.ts';
import { choice, fields, list, optional, text, whole } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';
import { isLoopback } from '../lib/loopback.ts';

const SECRET = 'write the secret, as in process.env.JWT_SECRET';

const jwksUrl: Rule = (value) => {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'write the address of the issuer’s key set, as in https://login.example/jwks.json';
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') return 'this address has no user and no #';
  return url.protocol === 'https:' || isLoopback(url.hostname)
    ? ''
    : 'write https://: over plain HTTP anybody on the way could say which keys are good';
};

/** RFC 7518 §3.2: a key no shorter than the hash. */
const sharedSecret: Rule = (value) => {
  if (/-----BEGIN|^\s*\{/.test(value)) {
    return 'this is a key, not a secret; write it under publicKey: what everybody may know proves nothing as a secret';
  }
  return Buffer.byteLength(value) >= 32 ? '' : 'a secret has 32 bytes or more, drawn at random';
};

const issuerName: Rule = (value) =>
  /^[a-z0-9][a-z0-9-]{0,30}$/.test(value) ? '' : 'a name has up to 31 lower-case letters, digits and -';

const cookieName: Rule = (value) =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(value) ? '' : 'write the name of a cookie, as in access_token';

const mediaSubtype: Rule = (value) =>
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+/-]{0,63}$/.test(value) ? '' : 'write a type, as in at+jwt';

const encryptionSchema = fields({
  key: optional(text(rules.nonEmpty)),
  secret: optional(text(rules.nonEmpty, 'write the secret, as in process.env.JWE_SECRET')),
  alg: choice('dir', 'A256KW', 'A256GCMKW', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'),
  enc: choice('A128GCM', 'A256GCM', 'A128CBC-HS256', 'A256CBC-HS512'),
});

const issuerSchema = fields({
  name: optional(text(issuerName)),
  issuer: text(login.shortText, 'write exactly the `iss` of its tokens, as in "https://login.example"'),
  audience: z.union(
    [text(login.shortText), list(text(login.shortText), 'write a list of audiences').check(z.minLength(1))],
    'write whom the tokens are for, as in "https://api.example": what is meant for others opens nothing here',
  ),
  jwks: optional(text(jwksUrl)),
  secret: optional(text(sharedSecret, SECRET)),
  publicKey: optional(text(rules.nonEmpty)),
  algorithms: optional(
    list(
      choice(
        ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const),
        ...(['EdDSA', 'Ed25519', 'HS256', 'HS384', 'HS512'] as const),
      ),
      'write a list of algorithms, as in ["ES256"]',
    ).check(z.minLength(1, 'name one algorithm, or leave this out')),
  ),
  header: optional(text(headerName)),
  cookie: optional(text(cookieName)),
  typ: optional(text(mediaSubtype)),
  subject: optional(text(login.shortText)),
  roles: optional(text(login.shortText)),
  scopes: optional(text(login.shortText)),
  claims: optional(list(text(login.shortText), 'write a list of claims, as in ["email"]')),
  clockSkew: optional(whole(0, 'seconds').check(z.lte(60, 'write at most 60 seconds: keep clocks right instead'))),
  maxAge: optional(whole(1, 'seconds')),
  bind: optional(choice('session', 'none')),
  encryption: optional(encryptionSchema),
  dpop: optional(choice('if-bound', 'require')),
});

/** The shape of {@link JwtConfig}: one issuer, or several. */
export const jwtSchema = z.union(
  [issuerSchema, list(issuerSchema, 'write a list of issuers')],
  'write an issuer, as in { issuer: "https://login.example", audience: "https://api.example", jwks: "https://…" }',
);

/** Issuers of tokens as a list; empty where tokens are not taken. */
export const jwtIssuers = (config: Config): readonly JwtConfig[] => [config.login?.jwt ?? []].flat();

/** What is wrong between fields of `login.jwt` that are fine alone. */
export function jwtProblems(config: Config): ConfigProblem[] {
  const issuers = jwtIssuers(config);
  const several = Array.isArray(config.login?.jwt);
  const problems = issuers.flatMap((issuer, index) => {
    const field = several ? `login.jwt[${index}]` : 'login.jwt';
    return [
      ...keyProblems(field, issuer),
      ...encryptionProblems(field, issuer),
      ...placeProblems(field, issuer, config),
    ];
  });
  return [...problems, ...(issuers.length > 1 ? siblingProblems(issuers) : [])];
}

const problem = (field: string, value: unknown, rule: string): ConfigProblem => ({
  field,
  value: value === undefined ? 'nothing' : JSON.stringify(value),
  rule,
});

function keyProblems(field: string, { jwks, secret, publicKey, algorithms = [] }: JwtConfig): ConfigProblem[] {
  const keys = [jwks, secret, publicKey].filter((key) => key !== undefined).length;
  if (keys !== 1) {
    const rule = 'an issuer’s tokens are checked by one kind of key: write one of jwks, secret and publicKey';
    return [{ field: `${field}.jwks`, value: keys === 0 ? 'nothing' : 'not alone', rule }];
  }
  const problems: ConfigProblem[] = [];
  const wrong = algorithms.filter((algorithm) => algorithm.startsWith('HS') !== (secret !== undefined));
  if (wrong.length > 0) {
    const rule =
      secret === undefined
        ? 'these take a secret, and a public key is none: everybody could sign (RFC 8725 §2.1)'
        : 'a secret goes with HS256, HS384 or HS512';
    problems.push(problem(`${field}.algorithms`, wrong, rule));
  }
  if (jwks === undefined && algorithms.length > 1) {
    problems.push(
      problem(`${field}.algorithms`, algorithms, 'one key goes with one algorithm (RFC 8725 §3.1); keep one'),
    );
  }
  const bytes = { HS384: 48, HS512: 64 }[String(algorithms[0])] ?? 32;
  if (secret !== undefined && Buffer.byteLength(secret) < bytes) {
    const rule = `${algorithms[0]} takes a secret of ${bytes} bytes or more (RFC 7518 §3.2)`;
    problems.push({ field: `${field}.secret`, value: 'a shorter one', rule });
  }
  return problems;
}

/** Bytes of the secret that each algorithm takes; for `dir` it is the content's own key. */
const DIRECT = { A128GCM: 16, A256GCM: 32, 'A128CBC-HS256': 32, 'A256CBC-HS512': 64 } as const;

function encryptionProblems(field: string, { encryption }: JwtConfig): ConfigProblem[] {
  if (encryption === undefined) return [];
  const { secret, alg, enc } = encryption;
  const symmetric = alg === 'dir' || alg.startsWith('A256');
  const [wanted, other] = symmetric ? (['secret', 'key'] as const) : (['key', 'secret'] as const);
  if (encryption[wanted] === undefined || encryption[other] !== undefined) {
    const rule = `alg ${alg} takes a ${wanted}, and nothing else`;
    return [
      {
        field: `${field}.encryption.${wanted}`,
        value: encryption[wanted] === undefined ? 'nothing' : 'not alone',
        rule,
      },
    ];
  }
  if (secret === undefined) return [];
  const bytes = alg === 'dir' ? DIRECT[enc] : 32;
  if (Buffer.from(secret, 'base64url').length === bytes && /^[\w-]+$/.test(secret)) return [];
  const rule = `write ${bytes} bytes as base64url: \`openssl rand ${bytes} | basenc --base64url\`, without the = at its end`;
  return [{ field: `${field}.encryption.secret`, value: 'a value that is not shown', rule }];
}

function placeProblems(field: string, { header, cookie, jwks }: JwtConfig, config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (header !== undefined && cookie !== undefined) {
    problems.push(problem(`${field}.cookie`, cookie, 'a token comes in a header or in a cookie; keep one of them'));
  }
  const own = [config.cookies?.session, config.cookies?.stamp, '__Host-sallyport', '__Host-sallyport-stamp'];
  if (cookie !== undefined && (own.includes(cookie) || cookie.startsWith('__Host-sallyport'))) {
    problems.push(problem(`${field}.cookie`, cookie, 'this is a cookie of the gate’s own; name the app’s'));
  }
  if (jwks !== undefined && new URL(jwks).pathname.startsWith(`${config.mount ?? '/_sallyport'}/`)) {
    const rule = 'these are the gate’s own keys, by which it speaks to the backend; they vouch for nobody here';
    problems.push(problem(`${field}.jwks`, jwks, rule));
  }
  return problems;
}

/** Several issuers: told apart by `iss` alone, so each has one of its own; encrypted tokens tell it only once opened. */
function siblingProblems(issuers: readonly JwtConfig[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = { name: new Set<string>(), issuer: new Set<string>(), place: new Set<string>() };
  for (const [index, { name, issuer, header, cookie, encryption }] of issuers.entries()) {
    const field = `login.jwt[${index}]`;
    if (name === undefined || seen.name.has(name)) {
      problems.push(
        problem(`${field}.name`, name, 'several issuers have a name each, by which their subjects are told apart'),
      );
    }
    if (seen.issuer.has(issuer)) {
      problems.push(
        problem(`${field}.issuer`, issuer, 'another one has this issuer already; an issuer has one set of keys'),
      );
    }
    const place = cookie ?? header?.toLowerCase() ?? 'authorization';
    if (encryption !== undefined && seen.place.has(place)) {
      problems.push(
        problem(`${field}.encryption`, encryption.alg, 'only one issuer of a header or cookie may encrypt'),
      );
    }
    if (encryption !== undefined) seen.place.add(place);
    seen.name.add(name ?? '');
    seen.issuer.add(issuer);
  }
  return problems;
}
