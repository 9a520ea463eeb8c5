import type { Duplex } from 'node:stream';
import type { Decision } from '../guard/decision.ts';
import type { FormToken, Guard } from '../guard/guard.ts';
import type { RequestView } from '../guard/view.ts';
import { toPrivate } from './cache-control.ts';
import { scriptNonce } from './csp.ts';
import { closesFrames, withDocumentFields } from './document-fields.ts';
import { type Coding, parseCoding, readableCodings, throughCoding } from './encoding.ts';
import { fieldOf, hasField, joinedFieldOf, withField, without } from './fieldlist.ts';
import { withVary } from './fields.ts';
import { createFormFields } from './form-fields.ts';
import { isFramedElsewhere } from './frames.ts';
import { createHtmlScanner } from './html.ts';
import { type Intent, intentOf } from './intent.ts';
import { isJavaScript, isMedia, unitsOf } from './media.ts';
import { type Pieces, pieceByPiece } from './pieces.ts';
import { coveredBy, createPreloadFilter, keepLinks } from './preload.ts';
import { isSalted, saltTag, toBackendConditions } from './validators.ts';
import { createWorkerFront } from './worker.ts';

/** What pages need of the guard. */
export type PageGuard = Pick<
  Guard,
  'policy' | 'scriptTag' | 'scriptHash' | 'stampFor' | 'workerScript' | 'formToken' | 'readPage'
>;

export interface Rewrite {
  /** Field lines to send instead of the backend's. */
  readonly fields: string[];
  /** A fresh transform for the body's bytes as they stand in the answer (coded); null where the body stays as it is. */
  transform(): Duplex | null;
}

export interface Pages {
  /**
   * Field lines for the backend: codings we can read, and conditions that speak of the backend's page instead of
   * ours. The list is returned as it is where nothing changes.
   */
  requestFields(view: RequestView, fields: string[]): string[];
  /**
   * What happens to an answer on its way to the browser; null where nothing does.
   *
   * @param responseFields the answer's field lines, hop-by-hop fields removed
   */
  rewrite(view: RequestView, decision: Decision, status: number, responseFields: readonly string[]): Rewrite | null;
}

/** Answers without a complete document in them, or with one that nobody is shown (redirects). */
function isPartial(status: number): boolean {
  return status < 200 || status === 204 || status === 205 || status === 206 || (status >= 300 && status < 400);
}

/** Fields that speak of bytes which a changed body no longer has. */
const OF_THE_BYTES = ['content-length', 'content-md5', 'digest', 'content-digest', 'repr-digest', 'accept-ranges'];

/** @param onFramed told of pages that other sites frame and that enforce mode would keep from being shown there */
export function createPages(guard: PageGuard, onFramed?: (view: RequestView) => void): Pages {
  return {
    requestFields: (view, fields) => toBackendFields(guard, view, fields),
    rewrite(view, decision, status, responseFields) {
      const intent = intentOf(view);
      const linked = keepLinks(responseFields, (url) => isCovered(guard, view, url));
      if (status === 304) return revalidated(guard, view, intent, linked ?? responseFields, linked !== null);
      const part = partFor(guard, view, decision, intent, status, linked ?? responseFields);
      if (part !== null) {
        if (isFramedElsewhere(view) && closesFrames(guard.policy, responseFields)) onFramed?.(view);
        return part;
      }
      const varied = intent === 'other' ? varyHtml(decision, view, linked ?? responseFields) : null;
      const fields = varied ?? linked;
      return fields === null ? null : { fields, transform: () => null };
    },
  };
}

function toBackendFields(guard: PageGuard, view: RequestView, fields: string[]): string[] {
  const intent = intentOf(view);
  // Most requests are calls without conditions: they leave here.
  if (intent === 'other' && !hasField(fields, 'if-none-match')) return fields;
  const ifNoneMatch = joinedFieldOf(fields, 'if-none-match');
  if (intent === 'other') {
    // The browser holds a page as we changed it and now wants it unchanged: nothing it holds is of use.
    if (!toBackendConditions(ifNoneMatch, '', true).salted) return fields;
    return without(fields, ['if-none-match', 'if-modified-since']);
  }
  const changed = intent === 'document' || intent === 'script';
  // A page with a token in it is asked for anew: what the browser holds may be from before there were any.
  if (intent === 'document' && guard.policy.antiForgery?.insert === true) {
    return without(withField(fields, 'Accept-Encoding', readableCodings(joinedFieldOf(fields, 'accept-encoding'))), [
      ...['if-none-match', 'if-modified-since', 'if-range', 'range'],
    ]);
  }
  const conditions = toBackendConditions(ifNoneMatch, guard.scriptHash, changed);
  let out = withField(fields, 'Accept-Encoding', readableCodings(joinedFieldOf(fields, 'accept-encoding')));
  out = withField(out, 'If-None-Match', conditions.ifNoneMatch);
  if (changed || conditions.salted) out = withField(out, 'If-Modified-Since', conditions.ifModifiedSince);
  return isSalted(fieldOf(out, 'if-range')) ? without(out, ['range', 'if-range']) : out;
}

/** A 304 for a page we changed: the browser keeps the tag it knows, and gets a fresh stamp. */
function revalidated(
  guard: PageGuard,
  view: RequestView,
  intent: Intent,
  fields: readonly string[],
  touched: boolean,
): Rewrite | null {
  const asked = toBackendConditions(joinedFieldOf(view.fields, 'if-none-match'), guard.scriptHash, true);
  if (!asked.salted || intent === 'other') return touched ? { fields: [...fields], transform: () => null } : null;
  const salted = varying(withSaltedTag(guard, fields));
  const stamped = intent === 'document' ? withStamp(guard, view, salted).fields : salted;
  return { fields: stamped, transform: () => null };
}

function partFor(
  guard: PageGuard,
  view: RequestView,
  decision: Decision,
  intent: Intent,
  status: number,
  fields: readonly string[],
): Rewrite | null {
  if (intent === 'other' || isPartial(status)) return null;
  const coding = parseCoding(joinedFieldOf(fields, 'content-encoding'));
  if (coding === null || isAttachment(fields)) return null;
  const type = fieldOf(fields, 'content-type');
  if (intent === 'script') return isJavaScript(type) ? workerPart(guard, view, coding, fields) : null;
  // Without a type browsers look for themselves (MIME Sniffing §7.1): so does the scanner, for what it is sure of.
  if (type !== '' && !isMedia(type, 'text/html')) return null;
  return documentPart(guard, view, decision, intent, coding, fields, type);
}

function documentPart(
  guard: PageGuard,
  view: RequestView,
  decision: Decision,
  intent: Intent,
  coding: Coding,
  fields: readonly string[],
  type: string,
): Rewrite {
  const form = intent === 'document' ? formTokenFor(guard, view, decision, fields) : null;
  const inserts = form !== null && guard.policy.antiForgery?.insert === true && unitsOf(type) === 'bytes';
  let out = varying(inserts ? ofThisMoment(fields) : withSaltedTag(guard, without(fields, OF_THE_BYTES)));
  const stamped = intent === 'document' ? withStamp(guard, view, out) : null;
  if (stamped !== null) out = withDocumentFields(guard.policy, stamped.fields);
  const stamp = stamped?.stamp ?? '';
  for (const cookie of form?.cookies ?? []) out.push('Set-Cookie', cookie);
  if (fieldOf(fields, 'content-length') === '0') return { fields: out, transform: () => null };
  const nonce = scriptNonce(joinedFieldOf(fields, 'content-security-policy'));
  const transform = (): Duplex | null => {
    if (view.method === 'HEAD') return null;
    const scanner = createHtmlScanner(guard.scriptTag(nonce), unitsOf(type), {
      onlyComplete: intent === 'kept' || type === '',
    });
    const preloads = createPreloadFilter((url) => isCovered(guard, view, url), unitsOf(type) === 'bytes');
    const ids = stamp === '' || unitsOf(type) !== 'bytes' ? null : (guard.readPage?.(view, stamp) ?? null);
    const reading = ids === null ? [] : [shownTo(ids)];
    const links = inserts ? [createFormFields(hiddenField(form), addressOf(view, decision))] : [];
    return throughCoding(coding, pieceByPiece(...reading, scanner, preloads, ...links));
  };
  return { fields: out, transform };
}

/** A token for the forms of a page that no shared cache may keep; null for others, and where nobody asks for tokens. */
function formTokenFor(
  guard: PageGuard,
  view: RequestView,
  decision: Decision,
  fields: readonly string[],
): FormToken | null {
  const rule = guard.policy.antiForgery;
  if (rule === null || (!rule.insert && rule.cookie === '')) return null;
  if (guard.stampFor(view, joinedFieldOf(fields, 'cache-control')) === null) return null;
  return guard.formToken?.(view, decision) ?? null;
}

/** A page with a token in it is of this moment: who revalidated it would go on with one that has ended. */
function ofThisMoment(fields: readonly string[]): readonly string[] {
  const plain = without(fields, [...OF_THE_BYTES, 'etag', 'last-modified', 'expires']);
  const told = joinedFieldOf(plain, 'cache-control');
  return withField(plain, 'Cache-Control', /\bno-store\b/i.test(told) ? told : 'private, no-cache');
}

/** Token and field name hold nothing that HTML would read otherwise. */
const hiddenField = ({ field, token }: FormToken): string => `<input type="hidden" name="${field}" value="${token}">`;

const addressOf = (view: RequestView, { secure, authority }: Decision): string =>
  `${secure ? 'https' : 'http'}://${authority === '' ? view.authority : authority}${view.target}`;

function workerPart(guard: PageGuard, view: RequestView, coding: Coding, fields: readonly string[]): Rewrite | null {
  const script = guard.workerScript;
  if (script === undefined) return null;
  const out = varying(withSaltedTag(guard, without(fields, OF_THE_BYTES)));
  if (fieldOf(fields, 'content-length') === '0') return { fields: out, transform: () => null };
  const transform = (): Duplex | null =>
    view.method === 'HEAD' ? null : throughCoding(coding, pieceByPiece(createWorkerFront(script)));
  return { fields: out, transform };
}

function varyHtml(decision: Decision, view: RequestView, fields: readonly string[]): string[] | null {
  if (decision.route.level !== 'open' || (view.method !== 'GET' && view.method !== 'HEAD')) return null;
  if (!isMedia(fieldOf(fields, 'content-type'), 'text/html')) return null;
  return varying(fields);
}

/** Caches must not answer a navigation with what a script fetched from the same address, nor the other way round. */
function varying(fields: readonly string[]): string[] {
  return withField(fields, 'Vary', withVary(joinedFieldOf(fields, 'vary'), 'Sec-Fetch-Dest'));
}

function withSaltedTag(guard: PageGuard, fields: readonly string[]): string[] {
  const tag = saltTag(fieldOf(fields, 'etag'), fieldOf(fields, 'last-modified'), guard.scriptHash);
  return withField(fields, 'ETag', tag);
}

/** PROTOCOL 1.1: who stores a stamped answer must be one person's browser. */
function withStamp(guard: PageGuard, view: RequestView, fields: readonly string[]): Stamped {
  const cacheControl = joinedFieldOf(fields, 'cache-control');
  const cookie = guard.stampFor(view, cacheControl);
  if (cookie === null) return { fields: [...fields], stamp: '' };
  const kept = withField(fields, 'Cache-Control', toPrivate(cacheControl));
  return { fields: [...kept, 'Set-Cookie', cookie], stamp: cookie };
}

interface Stamped {
  readonly fields: string[];
  /** Value of Set-Cookie; '' for a page that gets none. */
  readonly stamp: string;
}

/** Passes a page on as it is, and shows it to whoever notes the ids in it. */
function shownTo(read: (html: Uint8Array) => void): Pieces {
  return {
    write(chunk) {
      read(chunk);
      return [chunk];
    },
    end: () => [],
  };
}

function isAttachment(fields: readonly string[]): boolean {
  return /^\s*attachment\b/i.test(fieldOf(fields, 'content-disposition'));
}

/** Whether a preload of this address would be refused because nothing signs it. */
function isCovered(guard: PageGuard, view: RequestView, reference: string): boolean {
  const { policy } = guard;
  const base = `${view.secure ? 'https' : 'http'}://${view.authority}${view.target}`;
  if (!URL.canParse(reference, base)) return false;
  const url = new URL(reference, base);
  if (url.host !== view.authority && !policy.authorities.has(url.host)) return false;
  return coveredBy(policy, url.pathname);
}
