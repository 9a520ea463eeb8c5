import { behaviourNotes } from './check-behaviour.ts';
import { describeAddresses } from './check-addresses.ts';
import { challengeNotes, describeChallenge } from './check-challenge.ts';
import { describeDrift } from './check-drift.ts';
import { describeLogins } from './check-logins.ts';
import { describeContent, describeDocument } from './check-schema.ts';
import { rolloutNotes } from './check-rollout.ts';
import { describeSealed } from './check-sealed.ts';
import { describeUse, oneAddressTakes, useNotes } from './check-use.ts';
import { TURN_SECONDS } from '../doors/entry-turn.ts';
import { UNSIGNED_CARRIERS } from '../guard/carrier.ts';
import { describeBudgets } from './check-budget.ts';
import { documentFieldsOf } from '../gateway/document-fields.ts';
import { REPORT_CHANGES, REPORT_REFUSES } from '../gateway/report-mode.ts';
import { anonymousWrites } from '../guard/anonymous.ts';
import type { Config, Mode } from '../guard/config.ts';
import type { Carrier, Level } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import { PRESETS } from '../guard/presets.ts';
import { shareOf } from '../guard/pipeline.ts';
import { formatShare, layerConfig, NOBODY } from '../guard/rollout.ts';
import { describeWorkers } from './check-workers.ts';
import { formNotes } from './form-notes.ts';

/** What `check` says, as `--json` prints it. */
export interface CheckReport {
  /** Where the configuration came from; '' for flags and defaults. */
  readonly file: string;
  readonly mode: Mode;
  /** Share of sessions that enforce mode is for: `100%`. */
  readonly rollout: string;
  readonly to: string;
  readonly listen: string;
  /** What several threads have together; empty for one. */
  readonly workers: readonly string[];
  readonly hosts: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly clients: readonly ClientReport[];
  readonly paths: 'loose' | 'exact';
  readonly preset: PresetReport | null;
  readonly routes: readonly RouteReport[];
  /** Security headers that enforce mode adds to pages where the backend sends none, as `Name: value`. */
  readonly pages: readonly string[];
  /** By what people are known, a line for each way. */
  readonly logins: readonly string[];
  /** What becomes of sessions that show up elsewhere. */
  readonly moved: readonly string[];
  /** Which calls come sealed; empty where none do. */
  readonly sealed: readonly string[];
  /** Rules that let anonymous callers change data. */
  readonly anonymous: readonly string[];
  /** From which networks, a line for each rule. */
  readonly addresses: readonly string[];
  /** What calls cost, and what they may cost together. */
  readonly budgets: readonly string[];
  /** Builds of the page's script; empty where there is one. */
  readonly builds: readonly string[];
  /** What is exact in the state at hand, and what a failure costs. */
  readonly state: readonly string[];
  /** How the calls of the OpenAPI document are held to it. */
  readonly openapi: readonly string[];
  readonly oneAddress: readonly string[];
  readonly reportMode: readonly string[];
  /** What deserves a second look: lowered levels, weakened spellings, modes that have no effect. */
  readonly notes: readonly string[];
}

export interface ClientReport {
  readonly name: string;
  readonly origins: readonly string[];
  readonly stamp: 'require' | 'waive';
}

export interface PresetReport {
  readonly name: string;
  readonly meaning: string;
  /** The fields as they hold after expansion. */
  readonly fields: Partial<Config>;
}

export interface RouteReport {
  readonly name: string;
  readonly level: Level;
  /** Refused whatever it shows: not listed. */
  readonly refused: boolean;
  /** Methods that are listed for the same path: what is refused here gets 405. Empty where it gets 403. */
  readonly allow: readonly string[];
  readonly carriers: readonly string[];
  readonly client: string;
  readonly checks: readonly CheckedBy[];
  /** How much, in what order, with which ids: a line for each rule. */
  readonly use: readonly string[];
  /** What its bodies and queries have to look like. */
  readonly content: readonly string[];
  readonly notes: readonly string[];
}

export interface CheckedBy {
  readonly layer: string;
  readonly mode: Mode;
  /** Share of sessions that it is enforced for: `5%`. */
  readonly rollout: string;
}

/** Where a configuration came from. */
export interface Origin {
  readonly file: string;
  /** '' without one. */
  readonly preset: NonNullable<Config['preset']> | '';
}

/** Everything a policy does, without a running gate. */
export function describePolicy(policy: Policy, layers: readonly Layer[], { file, preset }: Origin): CheckReport {
  const { config } = policy;
  const routes = policy.routes.map((rule) => describeRoute(rule, policy, layers));
  return {
    file,
    mode: policy.mode,
    rollout: formatShare(policy.rollout),
    to: config.to ?? '',
    listen: config.listen ?? '127.0.0.1:4000',
    workers: describeWorkers(config),
    hosts: [...policy.authorities],
    trustedProxies: config.trustedProxies ?? [],
    clients: [...policy.clients.values()].map(({ name, stamp }) => ({
      name,
      stamp,
      origins: config.clients?.[name]?.origins ?? ['self'],
    })),
    paths: policy.loosePaths ? 'loose' : 'exact',
    preset: describePreset(preset, config),
    routes,
    pages: documentFieldsOf(policy).map(({ name, value }) => `${name}: ${value}`),
    logins: describeLogins(config),
    moved: describeDrift(policy),
    sealed: describeSealed(policy),
    anonymous: anonymousWrites(policy).map(({ name }) => name),
    addresses: describeAddresses(config),
    budgets: describeBudgets(policy),
    builds: [],
    state: [],
    openapi: describeDocument(policy),
    oneAddress: oneAddress(policy),
    reportMode: [...REPORT_CHANGES.map(({ of, says }) => `${of}: ${says}`), ...formChanges(policy), ...REPORT_REFUSES],
    notes: [
      ...policyNotes(policy),
      ...challengeNotes(policy),
      ...formNotes(policy),
      ...behaviourNotes(policy),
      ...rolloutNotes(policy),
      ...routes.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`)),
    ],
  };
}

function describePreset(preset: Origin['preset'], config: Config): PresetReport | null {
  if (preset === '') return null;
  const { mode, protect, routes, session, budget } = config;
  const fields = Object.fromEntries(
    Object.entries({ mode, protect, routes, session, budget }).filter(([, value]) => value !== undefined),
  );
  return { name: preset, meaning: PRESETS[preset], fields };
}

function describeRoute(rule: RouteRule, policy: Policy, layers: readonly Layer[]): RouteReport {
  const asked = layers.filter((layer) => layer.forRoute(rule, policy) !== null);
  const checks = asked
    // A layer with two stages is one.
    .filter(({ name }, index) => asked.findIndex((other) => other.name === name) === index)
    .map((layer) => {
      const share = shareOf(policy, rule, layer);
      return { layer: layer.name, mode: share === NOBODY ? 'report' : 'enforce', rollout: formatShare(share) } as const;
    });
  return {
    name: rule.name,
    level: rule.level,
    refused: rule.unlisted,
    allow: rule.allow,
    carriers: [...new Set<Carrier>(['call', 'stream', 'socket', ...rule.carriers])],
    client: rule.client.name,
    checks,
    use: [...describeUse(rule), ...describeChallenge(rule)],
    content: describeContent(rule),
    notes: [...routeNotes(rule), ...useNotes(rule)],
  };
}

function routeNotes(rule: RouteRule): string[] {
  const notes: string[] = [];
  if (rule.keys !== null) {
    const which = rule.keys.length === 0 ? 'any API key' : `API keys with ${rule.keys.join(' and ')}`;
    notes.push(`${which} may call this without a page`);
  }
  const lowering = [...rule.carriers].filter((carrier: Carrier) => UNSIGNED_CARRIERS.has(carrier));
  if (rule.level === 'session' && lowering.length > 0) {
    notes.push(`${lowering.join(' and ')} cannot carry a proof, so every request here needs a session only`);
  }
  if (rule.level === 'site') notes.push('anything that is not a browser gets in');
  if (rule.level === 'proof' && !rule.bodySigned) notes.push('bodies are not covered by the proof and can be altered');
  if (rule.sync.size > 0) notes.push(`proofs by the synchronous key are taken (${[...rule.sync].join(', ')})`);
  if (rule.encodedOpaque)
    notes.push('encoded slashes reach the backend as data; dot segments are refused, encoded ones too');
  if (rule.maxBody === 0) notes.push('bodies of any size are taken');
  if (rule.keys !== null && rule.user !== null)
    notes.push('keys get in by their scopes and policies; roles, can and owner are asked of people');
  if (rule.carriers.has('form') && !rule.antiForgery && rule.user === null)
    notes.push(
      'forms are told from forged ones by Origin and Fetch Metadata alone; antiForgery asks for a token as well',
    );
  if (rule.carriers.has('form') && !rule.antiForgery && rule.user !== null)
    notes.push('a form in a page that was loaded under another login is sent as whoever is logged in by now');
  return notes;
}

/** Tokens come with pages in every mode: whether forms bring them back is what report mode has to find out. */
function formChanges({ antiForgery }: Policy): string[] {
  if (antiForgery === null || (!antiForgery.insert && antiForgery.cookie === '')) return [];
  const { insert, cookie, field } = antiForgery;
  const added = insert
    ? ` and a hidden field ${field} in forms; such pages lose ETag and Last-Modified, and say private, no-cache`
    : '';
  const cookies = ['__Host-sallyport-form', ...(cookie === '' ? [] : [cookie])].join(' and ');
  return [`pages: antiForgery adds ${cookies}${added}`];
}

function policyNotes(policy: Policy): string[] {
  const { config } = policy;
  const notes: string[] = [];
  const single = [
    ...Object.entries(config.layers ?? {}).map(([name, given]) => ({
      name: `layers.${name}`,
      mode: layerConfig(given).mode,
    })),
    ...(config.routes ?? []).map((route, index) => ({ name: `routes[${index}].mode`, mode: route.mode })),
  ];
  if (policy.mode === 'report') {
    for (const { name, mode } of single)
      if (mode === 'enforce') notes.push(`${name} "enforce" has no effect while mode is report`);
  }
  if (!policy.loosePaths) {
    notes.push(
      'paths "exact": other spellings of a protected path (/API/x, //api/x, /api;a/x) are not protected; a backend that serves them serves them unguarded',
    );
  }
  if (config.testPasses !== undefined)
    notes.push('testPasses: whoever has the private key of the tests gets in without a page; not for production');
  if (policy.insecureHttp)
    notes.push(
      'insecureHttp: pages on plain HTTP have no keys; their requests are recorded as insecure-context and pass',
    );
  return notes;
}

/** What one network prefix (IPv4 address, IPv6 network) can take in all. */
function oneAddress(policy: Policy): string[] {
  const { mint, session } = policy;
  return [
    `opens at most ${mint.perPrefix} new sessions a minute (${mint.total} from everybody together)`,
    `so at most ${mint.perPrefix * 60} sessions an hour, each living ${hours(session.idle)} idle and ${hours(session.max)} at most`,
    `who comes when these are used up waits ${TURN_SECONDS} s, then gets in; all sessions that come so have together what ${mint.perPrefix} have under every limit per session`,
    ...oneAddressTakes(policy),
  ];
}

function hours(seconds: number): string {
  if (seconds % 86400 === 0 && seconds > 86400) return `${seconds / 86400} days`;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return `${Math.round(seconds / 60)} min`;
}
