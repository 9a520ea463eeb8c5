import type { Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Config } from '../guard/config.ts';
import type { Decision } from '../guard/decision.ts';
import { EVERYBODY } from '../guard/rollout.ts';
import type { Guard } from '../guard/guard.ts';
import type { Restored } from '../guard/restored.ts';
import type { RequestView } from '../guard/view.ts';
import { createAsk } from './ask.ts';
import type { FieldRules } from './fields.ts';
import type { Frontend } from './frontend.ts';
import type { GateParts } from './gate.ts';
import { createHealth } from './health.ts';
import type { Health } from './health.ts';
import type { Route } from './route.ts';
import { assertSwitchable, putTls, readServerTls, upstreamSettings } from './tls.ts';
import { createUnattended } from './unattended.ts';
import { createUpstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

/** What one configuration consists of at run time. Requests keep the stage they began on. */
export interface Stage {
  readonly config: Config;
  readonly guard: Guard;
  readonly route: Route;
  readonly frontend: Frontend | null;
  readonly jwks: () => object;
  readonly health: Health;
  reload(config: Config, server: Server | HttpsServer, restored?: ReadonlyMap<string, Restored>): Stage;
}

/** @param draining whether the gate is about to stop */
export async function createStage(config: Config, parts: GateParts, draining: () => boolean): Promise<Stage> {
  let current: Route | null = null;
  const guard = await parts.createGuard(config, { ask: createAsk(() => current) });
  const listener = parts.onDecision;
  if (listener !== undefined) guard.onDecision(listener);
  const onFault = (decision: Decision, view: RequestView): void => listener?.(decision, view);
  const health = createHealth();
  const unattended = createUnattended();
  const pages = parts.createPages?.(guard) ?? null;
  const folderOf = ({ frontend }: Config): Frontend | null =>
    frontend === undefined || pages === null ? null : (parts.createFrontend?.(frontend, pages) ?? null);
  const make = (next: Config, upstream: Upstream, settings: string, frontend: Frontend | null): Stage => {
    const assertions = parts.createAssertions?.(next, guard) ?? null;
    const route: Route = {
      guard,
      rules: fieldRules(next, guard),
      upstream,
      unattended,
      pages,
      assertions,
      draining,
      onFault,
      observing: parts.observing ?? null,
      onSettled: parts.onSettled ?? null,
    };
    current = route;
    return {
      config: next,
      guard,
      route,
      frontend,
      health,
      jwks: () => assertions?.jwks() ?? { keys: [] },
      reload(changed, server, restored) {
        const wanted = upstreamSettings(changed);
        const same = wanted === settings;
        // Everything that can fail comes before anything is changed.
        const tls = changed.tls === undefined ? null : readServerTls(changed);
        if ((tls !== null) !== 'setSecureContext' in server) {
          throw new Error('tls: TLS cannot be switched on or off while the gate runs; restart it');
        }
        if (tls !== null && 'setSecureContext' in server) assertSwitchable(server, tls);
        const folder = folderOf(changed);
        const fresh = same ? upstream : createUpstream(changed);
        try {
          guard.reload(changed, restored);
        } catch (error) {
          if (!same) void fresh.close();
          throw error;
        }
        if (tls !== null && 'setSecureContext' in server) putTls(server, tls);
        if (!same) void upstream.close();
        return make(changed, fresh, wanted, folder);
      },
    };
  };
  return make(config, createUpstream(config), upstreamSettings(config), folderOf(config));
}

/** One year by default (R5); subdomains may have no certificate. */
function hstsValue(hsts: Config['hsts'] = {}): string {
  if (hsts === false) return '';
  const { maxAge = 31_536_000, includeSubDomains, preload } = hsts;
  return `max-age=${maxAge}${includeSubDomains === true ? '; includeSubDomains' : ''}${preload === true ? '; preload' : ''}`;
}

function fieldRules(config: Config, guard: Guard): FieldRules {
  const backend = new URL(config.to ?? 'http://localhost');
  const host = config.upstream?.host ?? '';
  const origins = [backend.origin];
  if (host !== '') origins.push(`http://${host}`, `https://${host}`);
  const shown = config.public === undefined ? null : new URL(config.public);
  const secure = shown !== null && shown.protocol === 'https:';
  return {
    policy: guard.policy,
    upstreamHost: host,
    upstreamOrigins: origins,
    hsts: secure && guard.policy.mode === 'enforce' && guard.policy.rollout === EVERYBODY ? hstsValue(config.hsts) : '',
    hstsAuthority: shown === null ? '' : shown.host,
  };
}
