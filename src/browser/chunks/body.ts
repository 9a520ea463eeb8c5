import { formatSallyportDigest } from '../../wire/digest.ts';
import { toBase64 } from '../base64.ts';
import type { Context } from '../context.ts';
import { contentDigest } from '../payload.ts';
import type { Digest } from '../proof.ts';

/** What few bodies need: FormData with files as one Blob, and digests of large bodies slice by slice. */

/**
 * multipart/form-data (HTML §4.10.21.8) with a boundary of our own, so that the bytes are known and files stay where
 * they are. The Blob's type is the Content-Type to send: lower case throughout, for `Blob.type` is lower-cased.
 */
export function serialiseForm(entries: readonly [string, FormDataEntryValue][]): Blob {
  const random = crypto.getRandomValues(new Uint32Array(4));
  const boundary = `----sallyport${Array.from(random, (word) => word.toString(36)).join('')}`;
  const name = (text: string) => text.replace(/\r\n?|\n/g, '%0D%0A').replaceAll('"', '%22');
  const parts: BlobPart[] = [];
  for (const [field, value] of entries) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name(field.replace(/\r\n?|\n/g, '\r\n'))}"`;
    if (typeof value === 'string') parts.push(`${head}\r\n\r\n${value.replace(/\r\n?|\n/g, '\r\n')}\r\n`);
    else {
      const type = value.type || 'application/octet-stream';
      parts.push(`${head}; filename="${name(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n');
    }
  }
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
}

/** The Blob of a form, named in the headers of its request. */
export function formPayload(headers: Headers, entries: readonly [string, FormDataEntryValue][]): Blob {
  const blob = serialiseForm(entries);
  if (!headers.has('content-type')) headers.set('content-type', blob.type);
  return blob;
}

/** Digest of a body that is a file's, or large. */
export async function digestBlob({ platform, config }: Context, body: Blob): Promise<Digest | undefined> {
  if (body.size > config.whole) return digestSlices(platform.subtle, body, config.slice);
  return body.size ? contentDigest(await platform.subtle.digest('SHA-256', await body.arrayBuffer())) : undefined;
}

/** SHA-256 over the SHA-256s of the body's slices: WebCrypto has no incremental digest (docs/protocol.md §3.6). */
export async function digestSlices(subtle: SubtleCrypto, body: Blob, slice: number): Promise<Digest> {
  const count = Math.ceil(body.size / slice);
  const digests = new Uint8Array(count * 32);
  for (let index = 0; index < count; index++) {
    const bytes = await body.slice(index * slice, (index + 1) * slice).arrayBuffer();
    digests.set(new Uint8Array(await subtle.digest('SHA-256', bytes)), index * 32);
  }
  const whole = await subtle.digest('SHA-256', digests);
  return { name: 'sallyport-digest', value: formatSallyportDigest(toBase64(whole)) };
}
