import type { CheckReport, RouteReport } from './check-report.ts';
import { type Paint, table } from './terminal.ts';

/** `check` for people. */
export function formatCheck(report: CheckReport, paint: Paint): string {
  const blocks = [
    head(report, paint),
    presetBlock(report, paint),
    `${paint.strong('Routes')}, the first that fits decides\n${routeTable(report.routes)}`,
    `${paint.strong('Checks')} that run\n${checkGroups(report.routes, paint)}`,
    `${paint.strong('One address')} (IPv4 address, or IPv6 /56)\n${lines(report.oneAddress)}`,
    `${paint.strong(report.mode === 'report' ? 'Report mode' : 'Report mode, if you switch back,')}\n${lines(report.reportMode)}`,
    report.notes.length === 0 ? '' : `${paint.careful('Worth a look')}\n${lines(report.notes)}`,
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function head(report: CheckReport, paint: Paint): string {
  const mode =
    report.mode === 'report' ? paint.careful('report: NOTHING IS BLOCKED') : paint.good('enforce: what fails a check is refused');
  const proxies = report.trustedProxies.length === 0 ? 'none; forwarding headers count for nothing' : report.trustedProxies.join(', ');
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

function presetBlock({ preset }: CheckReport, paint: Paint): string {
  if (preset === null) return '';
  return `${paint.strong('Preset')} ${preset.name}: ${preset.meaning}\n${lines(
    Object.entries(preset.fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  )}`;
}

function routeTable(routes: readonly RouteReport[]): string {
  return table(
    routes.map((route) => [
      route.name,
      route.refused ? 'refused' : route.level,
      route.refused ? 'not listed' : route.level === 'open' ? 'anything passes' : route.carriers.join(', '),
      route.client === 'default' ? '' : `client ${route.client}`,
    ]),
  );
}

/** Routes that run the same checks stand together. */
function checkGroups(routes: readonly RouteReport[], paint: Paint): string {
  const groups = new Map<string, string[]>();
  for (const route of routes) {
    const key = (['enforce', 'report'] as const)
      .map((mode) => ({ mode, names: route.checks.filter((check) => check.mode === mode).map(({ layer }) => layer) }))
      .filter(({ names }) => names.length > 0)
      .map(({ mode, names }) => `${mode === 'enforce' ? 'enforced' : 'reported'}  ${names.join(', ')}`)
      .join('\n    ');
    groups.set(key, [...(groups.get(key) ?? []), route.name]);
  }
  return [...groups].map(([checks, names]) => `  ${paint.faint(names.join(' · '))}\n    ${checks || 'none'}`).join('\n');
}

const lines = (texts: readonly string[]): string => texts.map((text) => `  ${text}`).join('\n');
