import { parseStrictObject } from '../lib/strict-json.ts';
import type { Content } from './layer.ts';
import type { RequestView } from './view.ts';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/**
 * A body that every parser reads alike: declared as JSON in UTF-8, uncoded, an object, no member of it named twice, 64 KiB
 * at most. Null for everything else: what one parser takes for JSON another may take for a form.
 */
export async function readJsonObject(
  { headers }: RequestView,
  content: Content,
): Promise<Readonly<Record<string, unknown>> | null> {
  if (!JSON_TYPE.test(headers.contentType.trim()) || headers.contentEncoding !== '') return null;
  const bytes = await content.read();
  return bytes === null ? null : parseStrictObject(utf8(bytes));
}

/** A mark at the start is kept, and is no JSON; what is not UTF-8 is nothing. */
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return '';
  }
}
