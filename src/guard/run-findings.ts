import { addNote, noClaims } from './context.ts';
import { type Answer, type Outcome, type Refusal, refusal, type TrailStep } from './decision.ts';
import type { Context } from './layer.ts';
import type { Pipeline, Step } from './pipeline.ts';
import { EVERYBODY, NOBODY } from './rollout.ts';
import type { RunnerParts } from './run-parts.ts';
import type { Claims } from './state.ts';
import { IncompleteBody, type RequestView } from './view.ts';

export const FAULT = refusal('unsure', 'nothing: a check failed to finish; the log names it');

/** What one request was found to be so far, and for whom what was found is enforced. */
export abstract class Findings {
  /** Null until something refuses. */
  protected trail: TrailStep[] | null = null;
  protected refused: Refusal | null = null;
  protected refusedBy = '';
  protected outcome: Outcome = 'admit';
  protected incomplete = false;
  /** Not known until a layer is enforced for some alone. */
  private bucket = -1;
  protected readonly enforcedClaims: Claims;
  protected readonly reportedClaims: Claims;
  readonly request: RequestView;
  readonly context: Context;
  protected readonly pipeline: Pipeline;
  protected readonly parts: RunnerParts;

  constructor(request: RequestView, context: Context, pipeline: Pipeline, parts: RunnerParts) {
    this.request = request;
    this.context = context;
    this.pipeline = pipeline;
    this.parts = parts;
    this.enforcedClaims = context.claims;
    this.reportedClaims = pipeline.reports ? noClaims(context.now) : context.claims;
  }

  /** Whether what is enforced for a share of the buckets is for this request: one bucket for all layers. */
  protected enforces(share: number): boolean {
    if (share === EVERYBODY || share === NOBODY) return share === EVERYBODY;
    if (this.bucket < 0) this.bucket = this.parts.bucketOf?.(this.request, this.context) ?? 0;
    return this.bucket < share;
  }

  protected holds({ share, spares }: Pick<Step, 'share' | 'spares'>): boolean {
    return this.enforces(share) && !(spares > 0 && this.began() < spares);
  }

  private began(): number {
    return this.parts.beganOf?.(this.request) ?? Infinity;
  }

  /** A fault refuses: whoever can make a check throw must not get past it (fail-closed). */
  protected fault(error: unknown): Refusal {
    this.context.evidence = `fault: ${error instanceof Error ? error.name : 'unknown'}`;
    this.outcome = 'error';
    this.incomplete ||= error instanceof IncompleteBody;
    return FAULT;
  }

  /** Notes a refusal. True where it ends the request; reported layers go on. */
  protected took(layer: string, refused: Refusal, enforced: boolean): boolean {
    this.trail ??= [];
    this.trail.push({
      layer,
      code: refused.code,
      enforced,
      evidence: this.context.evidence,
      wouldPass: refused.wouldPass,
    });
    this.context.evidence = '';
    if (!enforced) {
      if (this.outcome === 'error') this.outcome = 'admit';
      return false;
    }
    this.refused = refused;
    this.refusedBy = layer;
    if (this.outcome !== 'error') this.outcome = refused.kind;
    return true;
  }

  /** Not forwarded: it gets an answer that was given before. */
  protected answered(answer: Answer, note: string): void {
    this.context.answer = answer;
    addNote(this.context, note);
  }
}
