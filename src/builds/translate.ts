import type { GuardHeaders, RequestView } from '../guard/view.ts';
import { BUILD_FIELD_LENGTH, TAGS } from '../wire/build.ts';
import { PROOF_PARAMETER } from '../wire/constants.ts';
import type { Build, LiveBuilds } from './book.ts';

/**
 * Reads what travels under a build's names, before anything else sees the request: layers, logs and the backend's side
 * know the protocol's own names alone. What is not spelt as that build spells it is no proof at all.
 */
export function createTranslation(live: () => LiveBuilds): (request: RequestView) => RequestView {
  let known = live();
  let table = tableOf(known);
  return (request) => {
    const now = live();
    if (now !== known) {
      known = now;
      table = tableOf(now);
    }
    return inFields(table, request) ?? inProtocols(table, request) ?? inQuery(table, request) ?? request;
  };
}

/** Names of all builds that are read, each by its own kind. */
interface Table {
  readonly fields: ReadonlyMap<string, OwnField>;
  /** Build and tag by the word that stands for the tag. */
  readonly tags: ReadonlyMap<string, { readonly build: Build; readonly tag: string }>;
  readonly parameters: ReadonlySet<string>;
}

interface OwnField {
  readonly build: Build;
  readonly part: 'input' | 'signature';
}

function tableOf({ reading }: LiveBuilds): Table {
  return {
    fields: new Map(
      reading.flatMap((build): [string, OwnField][] => [
        [build.names.input, { build, part: 'input' }],
        [build.names.signature, { build, part: 'signature' }],
      ]),
    ),
    tags: new Map(reading.flatMap((build) => TAGS.map((tag) => [build.names.tags[tag], { build, tag }] as const))),
    parameters: new Set(reading.map(({ names }) => names.parameter)),
  };
}

/** Null where none of its fields is a build's. */
function inFields({ fields }: Table, request: RequestView): RequestView | null {
  const found = { input: '', signature: '' };
  let build: Build | null = null;
  let broken = false;
  let left: string[] | null = null;
  for (let at = 0; at + 1 < request.fields.length; at += 2) {
    const [name = '', value = ''] = [request.fields[at], request.fields[at + 1]];
    const known = name.length === BUILD_FIELD_LENGTH ? fields.get(name.toLowerCase()) : undefined;
    if (known === undefined && !isOutdated(name, value)) {
      left?.push(name, value);
      continue;
    }
    left ??= request.fields.slice(0, at);
    // Twice, or of two builds: a proof is one.
    broken ||= known === undefined || found[known.part] !== '' || (build !== null && build !== known.build);
    if (known === undefined) continue;
    found[known.part] = value;
    build = known.build;
  }
  if (left === null) return null;
  const proof = broken || build === null ? null : build.read(found.input, found.signature);
  if (proof === null || build === null) return { ...request, fields: left, build: '' };
  const { headers } = request;
  return {
    ...request,
    fields: left,
    headers: {
      ...headers,
      signatureInput: joined(headers.signatureInput, proof.input),
      signature: joined(headers.signature, proof.signature),
    },
    build: build.names.id,
  };
}

/** A proof by a build that is read no more, as it is seen by its shape: no backend gets to see it. */
const isOutdated = (name: string, value: string): boolean =>
  name.length === BUILD_FIELD_LENGTH &&
  /^x-[a-z]{10}$/i.test(name) &&
  (/^[a-z]{8}=\("@method" /.test(value) || /^[a-z]{8}=:[A-Za-z0-9+/]{43}=:$/.test(value));

/** Other people's members stay where they are (RFC 9421 §4). */
const joined = (theirs: string, ours: string): string => (theirs === '' ? ours : `${theirs}, ${ours}`);

/** A WebSocket's proof, as one of its subprotocols. */
function inProtocols({ tags }: Table, request: RequestView): RequestView | null {
  const { secWebsocketProtocol: offered } = request.headers;
  if (offered === '') return null;
  const items = offered.split(',').map((item) => item.trim());
  const at = items.findIndex((item) => tags.has(tagIn(item)));
  const read = at < 0 ? null : toPlain(tags, items[at] ?? '');
  if (read === null) return null;
  const value = items.with(at, read.proof).join(', ');
  const headers: GuardHeaders = { ...request.headers, secWebsocketProtocol: value };
  const fields = request.fields.map((text, index) =>
    index % 2 === 1 && request.fields[index - 1]?.toLowerCase() === 'sec-websocket-protocol' ? value : text,
  );
  return { ...request, headers, fields, build: read.build.names.id };
}

/** A proof as the last parameter of an address. */
function inQuery({ tags, parameters }: Table, request: RequestView): RequestView | null {
  const { query } = request;
  const [whole = '', separator = '', name = '', text = ''] =
    query === '' ? [] : (/([?&])([a-z]{1,16})=([\w.-]{1,1024})$/.exec(query) ?? []);
  const read = parameters.has(name) ? toPlain(tags, text) : null;
  if (read === null || read.build.names.parameter !== name) return null;
  const plain = `${query.slice(0, query.length - whole.length)}${separator}${PROOF_PARAMETER}=${read.proof}`;
  return { ...request, query: plain, target: request.path + plain, build: read.build.names.id };
}

const tagIn = (proof: string): string => proof.slice(0, Math.max(0, proof.indexOf('.')));

function toPlain(tags: Table['tags'], proof: string): { readonly build: Build; readonly proof: string } | null {
  const word = tagIn(proof);
  const found = tags.get(word);
  return found === undefined ? null : { build: found.build, proof: found.tag + proof.slice(word.length) };
}
