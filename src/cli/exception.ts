import { isNameable, lineOf, matchFor, quoted as quotedText } from '../gateway/found.ts';
import type { DecisionRecord } from '../gateway/decision-record.ts';
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
  switch (record.code) {
    case 'carrier':
      return forRoute(
        record,
        `routes: [${lineOf(record, [record.carrier])}]`,
        'every request of this route then needs a session only',
      );
    case 'forbidden':
      return forbidden(record);
    case 'method':
      return forRoute(record, rowOf(record), LISTED);
    case 'host':
      return forHost(record);
    case 'origin':
      return forOrigin(record);
    case 'content-type':
      return forRoute(
        record,
        rowOf(record, ", contentTypes: ['…']"),
        'name the type; forms of other sites can send text/plain, urlencoded and multipart bodies',
      );
    case 'too-large':
      return forRoute(record, rowOf(record, ', maxBody: 0'), '0 takes bodies of any size');
    case 'order':
    case 'not-served':
      return noted('a rule of use of that route refused it; where people meet it, the rule is too tight (docs/use.md)');
    case 'budget':
      return noted(
        'raise the budget named above, or let one network or newcomers take more of it (share, keep), where people meet it',
      );
    case 'schema':
      return noted('where a page of yours sends this, let the route’s schema or allow take it (docs/schema.md)');
    case 'challenge':
      return noted(`the page’s script does this step; challenge: 'never' in the route asks for none`);
    case 'behaviour':
      return noted(UNUSUAL);
    case 'banned':
      return noted(
        isBy(record, 'lists')
          ? 'take the network out of addresses.deny, or out of a list by its except (docs/addresses.md)'
          : '`sallyport bans` lists who is banned and lifts a ban; those by rule end by themselves',
      );
    case 'unsure':
      return noted('what has to be asked could not be reached, or failed; there is nothing to except');
    case 'limit':
      if (isBy(record, 'limit')) return noted('raise the rule named above, where people meet it: rate, burst or wait');
      return {
        line: 'mint: { perPrefix: 600 },',
        flag: '',
        note: 'new sessions that one address may open in a minute; 60 unless set',
      };
    case 'target':
      return forRoute(
        record,
        rowOf(record, ", encoded: 'opaque'"),
        'only for a backend that takes encoded slashes as data',
      );
    case 'replayed':
    case 'stale':
    case 'stale-nonce':
    case 'clock':
    case 'session-mismatch':
    case 'stamp':
      return noted('a page mends this by itself; there is nothing to except');
    case 'upstream':
    case 'upstream-timeout':
      return noted('the backend failed; there is nothing to except');
    case 'login-required':
      return isBy(record, 'behaviour') ? noted(UNUSUAL) : openException(record);
    default:
      return openException(record);
  }
}

const UNUSUAL =
  'a minute or a page load starts it afresh; where people meet it, write a rarer threshold or a milder action (docs/behaviour.md)';

const LISTED = 'lists the route; it still asks for a proof';

const noted = (note: string): Exception => ({ line: '', flag: '', note });

const isBy = ({ code, trail }: DecisionRecord, name: string): boolean =>
  trail.some((step) => step.layer === name && step.code === code);

/** An unlisted route is listed; who may call is nothing to make an exception of. */
function forbidden(record: DecisionRecord): Exception {
  if (isBy(record, 'lists'))
    return noted('list the network in addresses.allow, if it is to get in (docs/addresses.md)');
  return isBy(record, 'route')
    ? forRoute(record, rowOf(record), LISTED)
    : noted('who may call this is for roles, scopes and policies to say (docs/authorization.md)');
}

const rowOf = (record: DecisionRecord, rest = ''): string => `routes: [{ match: ${quoted(matchFor(record))}${rest} },]`;

/** The path is whoever asked's: an exception for one that is a pattern would be one for other addresses as well. */
function forRoute({ path }: DecisionRecord, line: string, note: string, flag = ''): Exception {
  if (isNameable(path)) return { line, flag, note };
  return noted('no pattern names this path alone; write one by hand, with :name for what varies');
}

/** Takes the route out of everything: for webhooks, login callbacks, monitors. */
function openException(record: DecisionRecord): Exception {
  const route = matchFor(record);
  const note = 'the route then answers everybody; for webhooks, login callbacks and monitors';
  return forRoute(record, `open: [${quoted(route)}],`, note, `--open ${shellWord(route)}`);
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

const quoted = (text: string): string => quotedText(shown(text));
