import { AggregatorRegistry, Gauge, Registry } from 'prom-client';
import type { MetricFigures, Metrics } from '../metrics.ts';
import type { Member } from './supervisor.ts';

export interface FleetFigures extends Pick<Metrics, 'text' | 'contentType'> {
  /** A worker has ended: what it had counted when it was asked last stays in the sums. */
  ended(worker: number): void;
}

export interface FiguresParts {
  members(): readonly Member[];
  replaced(): number;
  hung(): number;
  /** What this thread counts itself. */
  readonly own: Metrics;
}

/** The figures of all workers as one: counts are added up, what all see alike is shown once. */
export function createFigures({ members, replaced, hung, own }: FiguresParts): FleetFigures {
  const latest = new Map<number, MetricFigures>();
  let gone: MetricFigures[] = [];
  const fleet = new Registry();
  const registers = [fleet];
  new Gauge({
    name: 'sallyport_workers',
    help: 'Threads that answer.',
    registers,
    collect() {
      this.set(members().length);
    },
  });
  new Gauge({
    name: 'sallyport_workers_replaced',
    help: 'So often a worker that had ended was replaced.',
    registers,
    collect() {
      this.set(replaced());
    },
  });
  new Gauge({
    name: 'sallyport_workers_hung',
    help: 'So often a worker was ended because it did not answer.',
    registers,
    collect() {
      this.set(hung());
    },
  });

  return {
    contentType: own.contentType,
    ended(worker) {
      const counted = latest.get(worker);
      latest.delete(worker);
      if (counted === undefined) return;
      gone.push(counted.filter(({ aggregator, type }) => aggregator === 'sum' && !isGauge(type)));
    },
    async text() {
      await Promise.all(
        members().map(async ({ worker, calls }) => {
          const figures = await calls.call('metrics', undefined).catch(() => null);
          if (figures !== null) latest.set(worker, figures);
        }),
      );
      if (gone.length > 1) {
        const several = gone;
        gone = [];
        gone.push(await aggregated(several).getMetricsAsJSON());
      }
      const all = [await own.figures(), await fleet.getMetricsAsJSON(), ...gone, ...latest.values()];
      return aggregated(all).metrics();
    },
  };
}

const aggregated = (all: readonly MetricFigures[]): Registry =>
  AggregatorRegistry.aggregate(all.map((figures) => [...figures]));

/** prom-client says `gauge` where its types say a number. */
const isGauge = (type: unknown): boolean => type === 'gauge';
