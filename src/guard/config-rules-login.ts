import { origin, type Rule } from './config-rules.ts';
import { isLoopback } from '../lib/loopback.ts';

/** The issuer of a provider, compared as text (OpenID Connect Discovery §4.3). */
export const issuer: Rule = (value) => {
  const url = /^https?:\/\/[^\s/]/i.test(value) ? URL.parse(value) : null;
  if (url === null) return 'write the provider’s issuer, as in https://login.example';
  if (url.username !== '' || url.password !== '' || /[?#]/.test(value)) return 'an issuer has no user, query or #';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return 'write https://: over plain HTTP anybody on the way could log in as anybody';
  }
  if (value.includes('/.well-known/')) return `write the issuer alone: ${value.replace(/\/\.well-known\/.*$/, '')}`;
  return '';
};

const ENDPOINT = 'write the address of the endpoint, as in https://login.example/token';

/** An address of a provider that has no metadata. What stands in a query there belongs to the flow (R51). */
export const endpoint: Rule = (value) =>
  value.includes('?') ? 'an endpoint has no query; see parameters for what may be added' : userinfo(value);

/** The one endpoint that may have a query of its own: `?fields=id,name`. */
export const userinfo: Rule = (value) => {
  const url = /^https?:\/\/[^\s/]/i.test(value) ? URL.parse(value) : null;
  if (url === null || value.length > 2048) return ENDPOINT;
  if (url.username !== '' || url.password !== '' || value.includes('#')) return 'an endpoint has no user and no #';
  return url.protocol === 'http:' && !isLoopback(url.hostname)
    ? 'write https://: over plain HTTP anybody on the way could log in as anybody'
    : '';
};

/** What changes hands: addresses are given to somebody else, names are changed and taken. */
const NO_ID =
  /^(?:e[-_]?mail|mail|phone|name|login|nick(?:name)?|(?:display|full|screen|global)[-_]?name|email[-_]?address)$/i;

export const idMember: Rule = (value) =>
  NO_ID.test(value.slice(value.lastIndexOf('.') + 1))
    ? 'addresses and names come to belong to somebody else, who would then be this person; write what never does, as in "id"'
    : shortText(value);

/** Stands in addresses and cookies. */
export const providerName: Rule = (value) =>
  /^[a-z0-9][a-z0-9-]{0,30}$/.test(value)
    ? RESERVED.has(value)
      ? 'this name is taken; choose another'
      : ''
    : 'a provider’s name has up to 31 lower-case letters, digits and -';

/** Sources of subjects that are not providers, and addresses of the accounts. */
const RESERVED: ReadonlySet<string> = new Set(['accounts', 'jwt', 'hook', 'again', 'passkey', 'second-factor']);

/** RFC 6749 §3.3. */
export const scope: Rule = (value) =>
  /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(value) ? '' : 'write one scope for each item, as in ["openid", "email"]';

export const shortText: Rule = (value) =>
  value.trim() !== '' && value.length <= 2048 && !/[\0-\x1f\x7f]/.test(value)
    ? ''
    : 'write a text of one line, at most 2048 characters';

/** Context classes travel as one list parted by spaces (OpenID Connect Core §3.1.2.1), in quotes (RFC 9470 §3). */
export const acrValue: Rule = (value) =>
  /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(value) ? '' : 'an acr value is visible ASCII without spaces, quotes and \\';

/** Where else a login may lead: compared as a whole. */
export const returnOrigin: Rule = (value) =>
  value.includes('*') ? 'list each origin: with a * anybody could be sent anywhere' : origin(value);

/** A path of our own, for `post_logout_redirect_uri`. */
export const ownPath: Rule = (value) =>
  /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,510}$/.test(value) && !value.includes('#')
    ? ''
    : 'write a path of this site, as in /goodbye';

/**
 * Authorization parameters a configuration may add. The rest is the protocol's own business: whoever could set
 * `response_type` or `redirect_uri` could turn the flow into another one (R51).
 */
const PARAMETERS = [
  'prompt',
  'login_hint',
  'ui_locales',
  'display',
  'resource',
  'hd',
  'domain_hint',
  'kc_idp_hint',
  'connection',
  'organization',
  'access_type',
];

export const parameterName: Rule = (value) =>
  PARAMETERS.includes(value)
    ? ''
    : `only ${PARAMETERS.join(', ')} may be added; the flow is the code flow, and its parameters are the gate’s own`;
