import type { RequestView } from '../guard/view.ts';

/** What a proof names as its ticket, in fields or in one token; '' without one. Nothing is checked here. */
export function ticketIn({ headers, query }: RequestView): string {
  const spelt = /;keyid="([\w.-]{1,512})"/.exec(headers.signatureInput);
  const compact = spelt ?? COMPACT.exec(headers.secWebsocketProtocol) ?? COMPACT.exec(query);
  return compact?.[1] ?? '';
}

const COMPACT = /sallyport-1[a-z-]{0,9}\.\d{1,12}\.\d{1,16}\.[\w-]{43}\.([\w.-]{1,512})/;
