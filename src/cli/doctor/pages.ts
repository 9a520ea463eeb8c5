import { type DocumentField, missingFields } from '../../gateway/document-fields.ts';
import { askCsp } from './csp.ts';
import { examineChallenges } from './challenge-csp.ts';
import type { ChallengeProvidersConfig } from '../../guard/config-challenge-providers.ts';
import { type Finding, fine, unknown, wrong } from './finding.ts';
import { type Answer, get, NAVIGATION, valuesOf } from './http.ts';

export interface PagesQuestion {
  /** Origin by which the gate is reached. */
  readonly origin: string;
  readonly pages: readonly string[];
  readonly mount: string;
  /** What enforce mode adds to pages. */
  readonly wanted: readonly DocumentField[];
  /** Whose challenges pages may be asked for. */
  readonly providers: ChallengeProvidersConfig;
}

/** Loads of one page: enough to meet every instance behind a balancer that takes turns. */
const LOADS = 4;

/** Whether pages carry the current script and let it work. */
export async function examinePages(question: PagesQuestion): Promise<Finding[]> {
  const findings: Finding[] = [];
  const hashes = new Set<string>();
  for (const path of question.pages) {
    for (let load = 0; load < LOADS; load++) {
      const answer = await get(new URL(path, question.origin).href, NAVIGATION);
      const tag = answer.status === 0 ? null : scriptTag(answer.body, question.mount);
      if (tag !== null) hashes.add(tag.path);
      if (load > 0) continue;
      if (answer.status === 0) findings.push(unknown('script', `${path} could not be loaded: ${answer.trouble}`));
      else findings.push(...examinePage(path, answer, tag, question));
    }
  }
  findings.push(...(await examineVersions([...hashes], question)));
  return findings;
}

interface ScriptTag {
  readonly path: string;
  readonly nonce: string;
}

/** Our script element; null where the page has none. */
function scriptTag(html: string, mount: string): ScriptTag | null {
  const start = html.indexOf(`<script src="${mount}/s.`);
  if (start < 0) return null;
  const tag = html.slice(start, html.indexOf('>', start));
  return { path: /src="([^"]*)"/.exec(tag)?.[1] ?? '', nonce: /nonce="([^"]*)"/.exec(tag)?.[1] ?? '' };
}

function examinePage(path: string, answer: Answer, tag: ScriptTag | null, question: PagesQuestion): Finding[] {
  const { origin, mount } = question;
  const type = valuesOf(answer, 'content-type')[0] ?? '';
  if (answer.status >= 400 || !type.startsWith('text/html')) {
    const what =
      answer.status >= 400 ? `answers ${answer.status}` : `is ${type === '' ? 'of no type' : type}, not a page`;
    return [unknown('script', `${path} ${what}`, 'name a page of the app with --page PATH')];
  }
  if (tag === null) {
    return [
      wrong(
        'script',
        `${path} is a page without Sallyport’s script, so its calls cannot be signed`,
        'check that the page passes the gate and that its HTML is not encoded in a way that the gate cannot read',
      ),
    ];
  }
  const page = new URL(path, origin).href;
  const connect = new URL(`${mount}/enter`, origin).href;
  const script = new URL(tag.path, origin).href;
  const policies = valuesOf(answer, 'content-security-policy');
  const asked = askCsp(policies, { script, connect, page, nonce: tag.nonce });
  const inPage = metaPolicies(answer.body);
  const meta = askCsp(inPage, { script, connect, page, nonce: tag.nonce });
  const findings: Finding[] = [];
  if (asked.script !== '') findings.push(scriptRefused(path, asked.script));
  const refused = asked.connect === '' ? meta.connect : asked.connect;
  if (refused !== '') {
    findings.push(
      wrong(
        'csp',
        `${path}: the page’s policy keeps the script from ${mount}/enter (${refused})`,
        `add 'self' to connect-src`,
      ),
    );
  }
  const all = [...policies, ...inPage];
  findings.push(...examineChallenges(question.providers, { path, page, nonce: tag.nonce, policies: all }));
  if (findings.length === 0) findings.push(fine('csp', `${path} carries the script, and its policy lets it work`));
  return [...findings, headersOf(path, answer, question.wanted)];
}

/** Which security headers a page lacks. Report mode adds none, so here they are said. */
function headersOf(path: string, answer: Answer, wanted: readonly DocumentField[]): Finding {
  const sent = Object.keys(answer.headers).flatMap((name) => valuesOf(answer, name).flatMap((value) => [name, value]));
  const missing = missingFields(wanted, sent).map(({ name }) => name);
  if (missing.length > 0)
    return fine('headers', `${path} lacks ${missing.join(', ')}: enforce mode adds what is missing`);
  const all = wanted.length === 0 ? 'none are asked for (securityHeaders is none)' : 'has those that enforce mode adds';
  return fine('headers', `${path}, security headers: ${all}`);
}

function scriptRefused(path: string, directive: string): Finding {
  const dynamic = /'strict-dynamic'/i.test(directive);
  const fix = dynamic
    ? "send the nonce in the page’s own Content-Security-Policy header, so that the gate can put it on its tag; 'strict-dynamic' ignores hosts and 'self'"
    : "add 'self' to script-src";
  return wrong('csp', `${path}: the page’s policy refuses Sallyport’s script (${directive})`, fix);
}

/** Policies in the page itself. Our tag comes before them, so they bind only what the script does later. */
function metaPolicies(html: string): string[] {
  const policies: string[] = [];
  for (const [tag] of html.matchAll(/<meta\b[^>]*>/gi)) {
    if (!/http-equiv\s*=\s*["']?content-security-policy["'\s>]/i.test(tag)) continue;
    const content = /content\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(tag);
    policies.push((content?.[1] ?? content?.[2] ?? '').replaceAll('&#39;', "'").replaceAll('&apos;', "'"));
  }
  return policies;
}

/** A script that is served as outdated, or differs from load to load: cached pages, or instances that do not agree. */
async function examineVersions(paths: readonly string[], { origin }: PagesQuestion): Promise<Finding[]> {
  if (paths.length === 0) return [];
  if (paths.length > 1) {
    return [
      wrong(
        'script-versions',
        `pages name ${paths.length} different scripts from load to load`,
        'give every instance the same configuration and version, and the same SALLYPORT_SECRET',
      ),
    ];
  }
  const [path = ''] = paths;
  const answer = await get(new URL(path, origin).href);
  const caching = answer.status === 0 ? '' : (valuesOf(answer, 'cache-control')[0] ?? '');
  if (answer.status === 200 && caching.includes('immutable'))
    return [fine('script-versions', 'pages name the current script')];
  if (answer.status === 200) {
    return [
      wrong(
        'script-versions',
        `pages name an outdated script (${path})`,
        'let the cache in front of the pages expire, or purge it: the script is served all the same, but never cached',
      ),
    ];
  }
  return [
    wrong(
      'script-versions',
      `the script that pages name does not load (${path} answers ${answer.status || 'nothing'})`,
      `let ${path.replace(/[^/]*$/, '')} pass whatever stands in front of the gate`,
    ),
  ];
}
