import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';

const FRAMING = refusal('target', 'one way to tell where the request ends: Content-Length or chunked, once');
const CHARACTERS = refusal('target', 'a target without raw control characters and without a raw #');
const FORM = refusal('target', 'a target in origin form: a path that begins with /');
const METHOD = refusal('target', 'a method in capital letters, other than CONNECT and TRACE');

/** Controls, space, DEL, non-ASCII (RFC 9112 §3.2) and the fragment mark, which never travels. */
const NOT_PLAIN = /[^\x21-\x7e]|#/;
/** Rules compare methods as they are written, and some frameworks do not: `delete` would fall under nobody's rule. */
const NOT_CAPITAL = /[a-z]/;

/**
 * What no backend may be shown in any mode: requests whose end two parsers could place differently (RFC 9112
 * §6.3), raw control characters, a raw `#`, and targets that name another server (R2, R10, R12). Methods in small letters, too:
 * node's parser takes none by HTTP/1.1, but HTTP/2 carries them, and so does a sealed call.
 */
export const framing: Layer = {
  name: 'framing',
  always: true,
  preflight: true,
  forRoute: () => (request, context) => {
    const { headers, repeated } = request;
    if (headers.transferEncoding !== '' && headers.contentLength !== '') return FRAMING;
    if (headers.transferEncoding !== '' && headers.transferEncoding.toLowerCase() !== 'chunked') return FRAMING;
    if (repeated.length > 0 && repeatedFraming(repeated)) return FRAMING;
    if (headers.contentLength !== '' && !/^\d{1,15}$/.test(headers.contentLength)) return FRAMING;
    if (request.method === 'CONNECT' || request.method === 'TRACE' || NOT_CAPITAL.test(request.method)) return METHOD;
    if (request.target.charCodeAt(0) !== 0x2f) return FORM;
    if (!NOT_PLAIN.test(request.target)) return PASS;
    context.evidence = request.target.includes('#') ? 'raw # in the target' : 'raw control or non-ASCII character';
    return CHARACTERS;
  },
};

const repeatedFraming = (repeated: readonly string[]): boolean =>
  repeated.includes('content-length') || repeated.includes('transfer-encoding') || repeated.includes('host');
