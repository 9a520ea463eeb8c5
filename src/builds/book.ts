import type { BuildsRule } from '../guard/config-builds.ts';
import { type BuildNames, createBuildReader, type PlainProof } from '../wire/build.ts';
import { hourId, namesOf, releaseId } from './names.ts';

const HOUR_MS = 3_600_000;

/** A build as the server deals with it. */
export interface Build {
  readonly names: BuildNames;
  /** Reads a proof's two fields; null for what is none of this build. */
  readonly read: (input: string, signature: string) => PlainProof | null;
}

/** The builds that are taken at one time. */
export interface LiveBuilds {
  /** What pages get. */
  readonly current: Build;
  /** What they get next; null where that is for the next release to say. */
  readonly next: Build | null;
  /** Builds that open the second door, by id. */
  readonly entering: ReadonlyMap<string, Build>;
  /** All whose proofs are read: tickets outlive their build's last entry. */
  readonly reading: readonly Build[];
}

/** Which builds are taken now. The clock alone moves it, so that gates and workers of one secret agree. */
export interface BuildBook {
  readonly live: () => LiveBuilds;
  /** When the next build takes the place of this one: milliseconds since 1970, Infinity for never. */
  readonly turns: () => number;
}

export interface BuildBookParts {
  readonly secret: Uint8Array;
  readonly rule: BuildsRule;
  /** What a release is told by: version, hash of the script. */
  readonly marks: readonly string[];
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

export function createBuildBook({ secret, rule, marks, wall }: BuildBookParts): BuildBook {
  const made = (id: string): Build => {
    const names = namesOf(secret, id);
    return { names, read: createBuildReader(names) };
  };
  if (rule.each === 'release') {
    const current = made(releaseId(secret, [...marks, rule.release]));
    const all = [current, ...rule.also.filter((id) => id !== current.names.id).map(made)];
    const fixed = { current, next: null, entering: byId(all), reading: all };
    return { live: () => fixed, turns: () => Infinity };
  }
  let hour = Number.NaN;
  let live: LiveBuilds;
  return {
    live() {
      const now = Math.floor(wall() / HOUR_MS);
      if (now !== hour) {
        hour = now;
        live = hoursBefore((at) => made(hourId(secret, at)), hour, rule.live);
      }
      return live;
    },
    turns: () => (Math.floor(wall() / HOUR_MS) + 1) * HOUR_MS,
  };
}

/** From one whose clock is ahead of ours, to those whose last entries were made within the hour. */
function hoursBefore(build: (hour: number) => Build, hour: number, live: number): LiveBuilds {
  const reading = Array.from({ length: live + 2 }, (_, back) => build(hour + 1 - back));
  const [next, current] = reading as [Build, Build]; // two at least
  return { current, next, entering: byId(reading.slice(0, live + 1)), reading };
}

const byId = (builds: readonly Build[]): ReadonlyMap<string, Build> =>
  new Map(builds.map((build) => [build.names.id, build]));
