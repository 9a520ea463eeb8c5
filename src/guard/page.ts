import { createHash } from 'node:crypto';

const STYLE =
  'body{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:12vh auto;padding:0 1.25rem}h1{font-size:1.5rem}code{font-size:.95em}dt{margin-top:1rem}dd{margin:0}';

/** The pages' style, as a content security policy names it (CSP3 §2.3.1). */
export const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;

/** What a browser may do on a page of ours: show it, in its own style, and nothing else. */
export const PAGE_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; frame-ancestors 'none'`;

/** A page for people, in one file and without script. `title` and `body` are HTML. */
export function toPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`;
}
