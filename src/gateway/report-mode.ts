/**
 * Everything that report mode changes in what passes. `sallyport check` prints it, docs/running.md repeats it, and a
 * test holds it to an app with and without the gate: no other difference is allowed.
 */
export interface ReportChange {
  /** The answers it is about; `requests` for what the backend gets. */
  readonly of:
    | 'every answer'
    | 'covered routes'
    | 'preflights of covered routes'
    | 'pages'
    | 'worker scripts'
    | 'requests';
  /** Header fields that may differ, in lower case. */
  readonly fields: readonly string[];
  /** For people; without a full stop. */
  readonly says: string;
}

/** Fields that speak of the bytes of a body, which a page with one tag more no longer has. */
const OF_THE_BYTES = ['content-length', 'content-md5', 'digest', 'content-digest', 'repr-digest', 'accept-ranges'];

export const REPORT_CHANGES: readonly ReportChange[] = [
  {
    of: 'every answer',
    fields: ['sallyport-decision'],
    says: 'Sallyport-Decision, a random id, stands on covered routes and wherever a check would have refused',
  },
  {
    of: 'every answer',
    fields: ['connection', 'keep-alive', 'transfer-encoding', 'date', 'location', 'content-location'],
    says: 'Connection, Keep-Alive and Transfer-Encoding are the gate’s own, a missing Date is added, and a Location that names the backend names the gate instead; interim answers (103) are dropped',
  },
  {
    of: 'pages',
    fields: [...OF_THE_BYTES, 'etag', 'vary', 'link'],
    says: 'one script tag is added and preloads of covered routes are removed; with them go Content-Length, Accept-Ranges and digests of the old bytes; ETag gets the script’s hash, Vary gets Sec-Fetch-Dest (also where code fetches the page)',
  },
  {
    of: 'pages',
    fields: ['set-cookie', 'cache-control'],
    says: 'two cookies: the load stamp on pages that no shared cache may keep, which then say private; the session’s on the gate’s own address',
  },
  {
    of: 'worker scripts',
    fields: [...OF_THE_BYTES, 'etag', 'vary'],
    says: 'scripts of workers get the script in front, and the same changes of fields',
  },
  {
    of: 'covered routes',
    fields: ['access-control-*', 'vary', 'link'],
    says: 'for listed origins CORS headers are the gate’s: the backend’s Access-Control-* are replaced; Vary names what answers depend on',
  },
  {
    of: 'preflights of covered routes',
    fields: ['*'],
    says: 'those of listed origins are answered by the gate and do not reach the backend',
  },
  {
    of: 'requests',
    fields: [
      'x-forwarded-*',
      'forwarded',
      'connection',
      'keep-alive',
      'accept-encoding',
      'if-none-match',
      'if-modified-since',
    ],
    says: 'the backend gets X-Forwarded-For, -Proto and -Host from the gate alone, and none of the script’s headers and cookies; where a page is asked for, only content codings that the gate can read, and conditions about the page without the tag',
  },
];

/** What is refused even in report mode, and what is only recorded; for people. */
export const REPORT_REFUSES: readonly string[] = [
  'refuses ambiguous framing, raw control characters, raw #, other hosts’ targets and methods in small letters (400), and TRACE; nothing else',
  'only records what Host, encoding, override headers, proofs and sites would lead to; adds no security headers',
];
