import { wrap } from '../lib/wrap.ts';
import type { CheckedBy, CheckReport, RouteReport } from './check-report.ts';
import { type Paint, table } from './terminal.ts';

/** `check` for people. */
export function formatCheck(report: CheckReport, paint: Paint): string {
  const blocks = [
    head(report, paint),
    presetBlock(report, paint),
    report.workers.length === 0 ? '' : `${paint.strong('Workers')}\n${lines(report.workers)}`,
    `${paint.strong('Routes')}, the first that fits decides\n${routeTable(report.routes)}`,
    `${paint.strong('Checks')} that run\n${checkGroups(report.routes, paint)}`,
    rulesBlock('Rules of use', report.routes, ({ use }) => use, paint),
    rulesBlock('Content', report.routes, ({ content }) => content, paint),
    report.openapi.length === 0 ? '' : `${paint.strong('OpenAPI')}\n${lines(report.openapi)}`,
    `${paint.strong('Pages')}, what enforce mode adds where the backend sends none\n${lines(
      report.pages.length === 0 ? ['nothing: securityHeaders is none'] : report.pages,
    )}`,
    report.logins.length === 0 ? '' : `${paint.strong('Logins')}\n${lines(report.logins)}`,
    report.addresses.length === 0 ? '' : `${paint.strong('Networks')}\n${lines(report.addresses)}`,
    `${paint.strong('Sessions that move')}\n${lines(report.moved)}`,
    report.sealed.length === 0 ? '' : `${paint.strong('Sealed calls')}\n${lines(report.sealed)}`,
    anonymousBlock(report, paint),
    report.budgets.length === 0 ? '' : `${paint.strong('Budgets')}\n${lines(report.budgets)}`,
    report.builds.length === 0 ? '' : `${paint.strong('Builds')} of the page’s script\n${lines(report.builds)}`,
    report.state.length === 0 ? '' : `${paint.strong('State')}\n${lines(report.state)}`,
    `${paint.strong('One address')} (IPv4 address, or IPv6 /56)\n${lines(report.oneAddress)}`,
    `${paint.strong('Report mode')}, what it changes although it blocks nothing\n${lines(report.reportMode)}`,
    report.notes.length === 0 ? '' : `${paint.careful('Worth a look')}\n${lines(report.notes)}`,
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function head(report: CheckReport, paint: Paint): string {
  const mode =
    report.mode === 'report'
      ? paint.careful('report: NOTHING IS BLOCKED')
      : report.rollout === '100%'
        ? paint.good('enforce: what fails a check is refused')
        : paint.careful(`enforce for ${report.rollout} of the sessions; all others are only recorded`);
  const proxies =
    report.trustedProxies.length === 0
      ? 'none; forwarding headers count for nothing'
      : report.trustedProxies.join(', ');
  return table([
    ['Config', report.file === '' ? 'flags and defaults' : report.file],
    ['Mode', mode],
    ['Way', `${report.listen} → ${report.to === '' ? '(no backend named yet: --to URL)' : report.to}`],
    ['Hosts', `${report.hosts.join(', ')}; any other: 421`],
    ['Proxies', proxies],
    ['Paths', report.paths === 'loose' ? 'loose: other spellings of a protected path are protected too' : 'exact'],
    ...report.clients.map((client) => [
      'Client',
      `${client.name}: pages of ${client.origins.map((origin) => (origin === 'self' ? 'the gate itself' : origin)).join(', ')}; ${
        client.stamp === 'require' ? 'entry asks for a page load' : 'entry without a page load'
      }`,
    ]),
  ]);
}

/** In the words that every report uses: what calls is not who calls. */
function anonymousBlock({ anonymous }: CheckReport, paint: Paint): string {
  if (anonymous.length === 0) return '';
  const why =
    'nothing here asks who is calling (user, roles, can, owner or cedar); where the backend does not ask either, each of these changes data and answers 2xx to an anonymous caller';
  return `${paint.careful('Anonymous writes')}\n${lines([anonymous.join(' · '), why])}`;
}

function presetBlock({ preset }: CheckReport, paint: Paint): string {
  if (preset === null) return '';
  return `${paint.strong('Preset')} ${preset.name}: ${preset.meaning}\n${lines(
    Object.entries(preset.fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  )}`;
}

function routeTable(routes: readonly RouteReport[]): string {
  return table(
    together(routes).map((route) => [
      route.name,
      route.refused ? (route.allow.length > 0 ? '405' : '403') : route.level,
      route.refused ? 'not listed' : route.level === 'open' ? 'anything passes' : plurals(route.carriers),
      route.client === 'default' ? '' : `client ${route.client}`,
    ]),
  );
}

/** The rows that answer unlisted methods differ by their path alone: one line for all. */
function together(routes: readonly RouteReport[]): RouteReport[] {
  const [first] = routes.filter(({ allow }) => allow.length > 0);
  const shown = routes.filter((route) => route.allow.length === 0 || route === first);
  return shown.map((route) => (route === first ? { ...route, name: 'other methods of the paths above' } : route));
}

const WORDS: Readonly<Record<string, string>> = {
  call: 'calls',
  stream: 'streams',
  socket: 'sockets',
  media: 'media',
  form: 'forms',
  navigation: 'navigations',
  beacon: 'beacons',
};

const plurals = (carriers: readonly string[]): string =>
  carriers.map((carrier) => WORDS[carrier] ?? carrier).join(', ');

/** Routes that run the same checks stand together. */
function checkGroups(routes: readonly RouteReport[], paint: Paint): string {
  const groups = new Map<string, string[]>();
  for (const route of together(routes)) {
    const checks = [...enforced(route), ...named('reported', route, ({ mode }) => mode === 'report')].join('\n    ');
    groups.set(checks, [...(groups.get(checks) ?? []), route.name]);
  }
  return [...groups].map(([checks, names]) => `  ${paint.strong(listed(names))}\n    ${checks || 'none'}`).join('\n');
}

/** Routes with the same rules stand together. */
function rulesBlock(
  title: string,
  routes: readonly RouteReport[],
  of: (route: RouteReport) => readonly string[],
  paint: Paint,
): string {
  const ruled = Map.groupBy(
    routes.filter((route) => of(route).length > 0),
    (route) =>
      of(route)
        .flatMap((rule) => wrap(rule, '    ', '      '))
        .join('\n'),
  );
  if (ruled.size === 0) return '';
  const groups = [...ruled].map(
    ([rules, which]) => `  ${paint.strong(listed(which.map(({ name }) => name)))}\n${rules}`,
  );
  return `${paint.strong(title)}\n${groups.join('\n')}`;
}

/** A line for each share of the sessions, the largest first. */
function enforced(route: RouteReport): string[] {
  const shares = new Set(route.checks.filter(({ mode }) => mode === 'enforce').map(({ rollout }) => rollout));
  return [...shares]
    .sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a))
    .flatMap((share) =>
      named(
        share === '100%' ? 'enforced' : `enforced for ${share}`,
        route,
        (check) => check.mode === 'enforce' && check.rollout === share,
      ),
    );
}

function named(word: string, { checks }: RouteReport, fits: (check: CheckedBy) => boolean): string[] {
  const names = checks.filter(fits).map(({ layer }) => layer);
  return names.length === 0 ? [] : [`${word}  ${names.join(', ')}`];
}

/** The first few names; a configuration may list hundreds. */
function listed(names: readonly string[]): string {
  const rest = names.length - 4;
  return rest > 0 ? `${names.slice(0, 4).join(' · ')} · and ${rest} more` : names.join(' · ');
}

const lines = (texts: readonly string[]): string => texts.flatMap((text) => wrap(text, '  ', '    ')).join('\n');
