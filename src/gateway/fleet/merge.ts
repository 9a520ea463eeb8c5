import type { BehaviourFigures } from '../../guard/behaviour.ts';
import type { LedgerLosses } from '../../guard/ledger.ts';
import type { SessionFacts } from '../../guard/session-desk.ts';
import type { GateStats } from '../gate.ts';
import type { FramedPage } from '../frames.ts';
import { type GateStatus, LATEST } from '../gate-status.ts';
import type { RouteSeen } from '../routebook.ts';
import { summaryOf } from '../summary.ts';
import { joinMachines } from '../machine-calls.ts';
import type { WorkerStatus } from './messages.ts';

/** What the workers of a gate say of themselves, as one. The first speaks for what is the same with all. */
export function joinStatus(all: readonly [WorkerStatus, ...WorkerStatus[]]): GateStatus {
  const each = all.map(({ status }) => status);
  const latest = each.flatMap((status) => status.latest).sort((one, other) => other.at - one.at);
  return {
    ...all[0].status,
    traffic: joinTraffic(each.map(({ traffic }) => traffic)),
    summary: summaryOf(all.map(({ visitors }) => visitors)),
    latest: latest.slice(0, LATEST),
    losses: joinLosses(each.map(({ losses }) => losses)),
    behaviour: joinBehaviour(each.map(({ behaviour }) => behaviour)),
    framed: joinFramed(each.flatMap(({ framed }) => framed)),
    probes: each.flatMap(({ probes }) => probes),
  };
}

const joinTraffic = (all: readonly GateStats[]): GateStats => ({
  requests: sum(all.map(({ requests }) => requests)),
  tunnels: sum(all.map(({ tunnels }) => tunnels)),
  connections: sum(all.map(({ connections }) => connections)),
});

const joinLosses = (all: readonly LedgerLosses[]): LedgerLosses => ({
  rewritten: sum(all.map(({ rewritten }) => rewritten)),
  lost: sum(all.map(({ lost }) => lost)),
  emptied: Math.max(...all.map(({ emptied }) => emptied)),
});

/** Each worker learns for itself: the one that is behind says how far they are. */
export function joinBehaviour(all: readonly (BehaviourFigures | null)[]): BehaviourFigures | null {
  const [first, ...others] = all.filter((figures) => figures !== null);
  return others.reduce<BehaviourFigures | null>((one, other) => one && joinFigures(one, other), first ?? null);
}

const joinFigures = (one: BehaviourFigures, other: BehaviourFigures): BehaviourFigures => ({
  learned: Math.min(one.learned, other.learned),
  needed: one.needed,
  crowded: one.crowded + other.crowded,
  watched: one.watched + other.watched,
  acted: {
    note: one.acted.note + other.acted.note,
    limit: one.acted.limit + other.acted.limit,
    challenge: one.acted.challenge + other.acted.challenge,
    login: one.acted.login + other.acted.login,
    refuse: one.acted.refuse + other.acted.refuse,
  },
  judged: one.judged + other.judged,
  wave: one.wave || other.wave,
});

function joinFramed(pages: readonly FramedPage[]): FramedPage[] {
  const counts = new Map<string, number>();
  for (const { path, requests } of pages) counts.set(path, (counts.get(path) ?? 0) + requests);
  return [...counts].map(([path, requests]) => ({ path, requests }));
}

/** Routes that several workers have seen are one. */
export function joinSeen(seen: readonly RouteSeen[]): RouteSeen[] {
  const routes = new Map<string, RouteSeen>();
  for (const route of seen) {
    const name = `${route.method} ${route.path}`;
    const known = routes.get(name);
    routes.set(name, known === undefined ? route : joinRoute(known, route));
  }
  return [...routes.values()];
}

function joinRoute(one: RouteSeen, other: RouteSeen): RouteSeen {
  const later = one.lastSeen > other.lastSeen ? one : other;
  return {
    ...later,
    carriers: added(one.carriers, other.carriers),
    destinations: added(one.destinations, other.destinations),
    requests: one.requests + other.requests,
    refused: one.refused + other.refused,
    anonymousWrites: one.anonymousWrites + other.anonymousWrites,
    machines: joinMachines(one.machines, other.machines),
  };
}

function added<K extends string>(
  one: Readonly<Partial<Record<K, number>>>,
  other: Readonly<Partial<Record<K, number>>>,
): Record<K, number> {
  const counts = new Map<string, number>(
    Object.entries<number | undefined>(one).map(([name, count]) => [name, count ?? 0]),
  );
  for (const [name, count] of Object.entries<number | undefined>(other)) {
    counts.set(name, (counts.get(name) ?? 0) + (count ?? 0));
  }
  // The names are those of the two.
  return Object.fromEntries(counts) as Record<K, number>;
}

/** A session's calls come to all workers: each knows when it saw it last, and as whom. */
export function joinSessions(sessions: readonly SessionFacts[]): SessionFacts[] {
  const known = new Map<string, SessionFacts>();
  for (const session of sessions) {
    const before = known.get(session.label);
    if (before === undefined) known.set(session.label, session);
    else known.set(session.label, joinSession(before, session));
  }
  return [...known.values()].sort((one, other) => other.lastSeen - one.lastSeen);
}

function joinSession(one: SessionFacts, other: SessionFacts): SessionFacts {
  const [later, earlier] = one.lastSeen >= other.lastSeen ? [one, other] : [other, one];
  return { ...later, subject: later.subject === '' ? earlier.subject : later.subject };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
