import type { Units } from './html.ts';

/** Whether a Content-Type names this media type, parameters aside (RFC 9110 §8.3.1). */
export function isMedia(contentType: string, type: string): boolean {
  return essenceOf(contentType) === type;
}

/** JavaScript media types (MIME Sniffing §4.6): those a browser runs as a worker. */
const JAVASCRIPT: ReadonlySet<string> = new Set([
  'application/ecmascript',
  'application/javascript',
  'application/x-ecmascript',
  'application/x-javascript',
  'text/ecmascript',
  'text/javascript',
  'text/javascript1.0',
  'text/javascript1.1',
  'text/javascript1.2',
  'text/javascript1.3',
  'text/javascript1.4',
  'text/javascript1.5',
  'text/jscript',
  'text/livescript',
  'text/x-ecmascript',
  'text/x-javascript',
]);

export function isJavaScript(contentType: string): boolean {
  return JAVASCRIPT.has(essenceOf(contentType));
}

/** Labels of UTF-16 (Encoding §4.2). Every other encoding that browsers know keeps ASCII where it is. */
const UTF_16: ReadonlyMap<string, Units> = new Map([
  ['utf-16', 'utf-16le'],
  ['utf-16le', 'utf-16le'],
  ['unicode', 'utf-16le'],
  ['ucs-2', 'utf-16le'],
  ['iso-10646-ucs-2', 'utf-16le'],
  ['csunicode', 'utf-16le'],
  ['unicodefeff', 'utf-16le'],
  ['utf-16be', 'utf-16be'],
  ['unicodefffe', 'utf-16be'],
]);

export function unitsOf(contentType: string): Units {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? '';
  return UTF_16.get(charset.toLowerCase()) ?? 'bytes';
}

function essenceOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}
