import { lineFor } from '../gateway/found.ts';
import type { DecisionRecord } from '../gateway/decision-record.ts';
import { shapeOf } from '../gateway/routebook.ts';
import { shellWord, shown } from './terminal.ts';

/** How to let requests like one that was refused pass. */
export interface Exception {
  /** A line of configuration, ready to copy; '' where none would be right. */
  readonly line: string;
  /** The same as a flag; '' where only the file can say it. */
  readonly flag: string;
  /** What that gives away, or why there is no exception. */
  readonly note: string;
}

/** The narrowest exception for what a record shows. */
export function exceptionFor(record: DecisionRecord): Exception {
  const route = `${record.method === 'HEAD' ? 'GET' : record.method} ${shapeOf(record.path)}`;
  switch (record.code) {
    case 'carrier':
      return {
        line: `routes: [${lineFor(route, [record.carrier])}]`,
        flag: '',
        note: 'every request of this route then needs a session only',
      };
    case 'forbidden':
    case 'method':
      return {
        line: `routes: [{ match: ${quoted(route)} },]`,
        flag: '',
        note: 'lists the route; it still asks for a proof',
      };
    case 'host':
      return forHost(record);
    case 'origin':
      return forOrigin(record);
    case 'content-type':
      return {
        line: `routes: [{ match: ${quoted(route)}, contentTypes: ['…'] },]`,
        flag: '',
        note: 'name the type; forms of other sites can send text/plain, urlencoded and multipart bodies',
      };
    case 'too-large':
      return {
        line: `routes: [{ match: ${quoted(route)}, maxBody: 0 },]`,
        flag: '',
        note: '0 takes bodies of any size',
      };
    case 'limit':
      return {
        line: 'mint: { perPrefix: 600 },',
        flag: '',
        note: 'new sessions that one address may open in a minute; 60 unless set',
      };
    case 'target':
      return {
        line: `routes: [{ match: ${quoted(route)}, encoded: 'opaque' },]`,
        flag: '',
        note: 'only for a backend that takes encoded slashes as data',
      };
    case 'replayed':
    case 'stale':
    case 'stale-nonce':
    case 'clock':
    case 'session-mismatch':
    case 'stamp':
      return { line: '', flag: '', note: 'a page mends this by itself; there is nothing to except' };
    case 'upstream':
    case 'upstream-timeout':
      return { line: '', flag: '', note: 'the backend failed; there is nothing to except' };
    default:
      return openException(route);
  }
}

/** Takes the route out of everything: for webhooks, login callbacks, monitors. */
function openException(route: string): Exception {
  return {
    line: `open: [${quoted(route)}],`,
    flag: `--open ${shellWord(route)}`,
    note: 'the route then answers everybody; for webhooks, login callbacks and monitors',
  };
}

/** The layers write what they saw in front of the evidence: the host, the origin. */
function forHost({ trail }: DecisionRecord): Exception {
  const host = /"([a-z0-9.:[\]-]+)"/i.exec(trail.find(({ code }) => code === 'host')?.evidence ?? '')?.[1] ?? '';
  if (host === '') return { line: "hosts: ['…'],", flag: '--host …', note: 'name the host that people use' };
  return { line: `hosts: [${quoted(host)}],`, flag: `--host ${shellWord(host)}`, note: 'only a name that is yours' };
}

function forOrigin({ trail }: DecisionRecord): Exception {
  const origin =
    /https?:\/\/[a-z0-9.:[\]-]+/i.exec(trail.find(({ code }) => code === 'origin')?.evidence ?? '')?.[0] ?? '…';
  return {
    line: `clients: { default: { origins: ['self', ${quoted(origin)}] } },`,
    flag: '',
    note: 'pages of that origin may then call and read',
  };
}

const quoted = (text: string): string => `'${shown(text).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
