import type { Call } from './proof.ts';
import type { Use } from './xhr.ts';

/** The method as the browser writes it (Fetch §2.2.1). */
export function methodOf({ openArgs }: Use): string {
  return `${openArgs[0]}`.replace(/^(?:delete|get|head|options|post|put)$/i, (name) => name.toUpperCase());
}

/** Reads a header as it will be sent. */
export function headerOf(use: Use): Call['header'] {
  return (name) => {
    if (name === 'content-type') return use.type;
    const values = use.headers.filter((header) => header[0] === name);
    return values.length ? values.map((header) => header[1]).join(', ') : null;
  };
}
