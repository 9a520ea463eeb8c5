import { hash, timingSafeEqual } from 'node:crypto';
import { HELD_BODY_BYTES } from '../wire/constants.ts';
import { sessionOf } from './caller.ts';
import { forgetSpent } from './context.ts';
import { NOBODYS } from './creator.ts';
import {
  type Decision,
  PASS,
  type Refusal,
  refusal,
  type StreamDigest,
  type TrailStep,
  type Verdict,
} from './decision.ts';
import type { FormQuestion, FormWatch } from './form/question.ts';
import { watchForm } from './form/watch.ts';
import { takeHolds, takeReserved } from './giving-back.ts';
import type { Content, Context, Grounds, Layer } from './layer.ts';
import { NO_STEPS } from './order.ts';
import { NO_SOURCES } from './served.ts';
import type { Pipeline, Step } from './pipeline.ts';
import type { RouteRule } from './policy.ts';
import { Committing } from './run-commit.ts';
import { FAULT } from './run-findings.ts';
import type { RunCase, RunnerParts } from './run-parts.ts';
import { labelOf } from './session-label.ts';
import type { RequestView } from './view.ts';

const NO_TRAIL: readonly TrailStep[] = Object.freeze([]);
const DIGEST = refusal('digest', 'a body whose SHA-256 is the one that the proof covers');
const TOO_LARGE = refusal('too-large', 'a body within the route’s maxBody');

/** One request on its way: layers, body, commit, decision. */
export class Run extends Committing implements Content, Grounds {
  private body: Uint8Array | null = null;
  private rewritten = false;
  private readonly observers: readonly Layer[];
  private readonly about: RunCase;
  /** Looks through a body that is too long to be read before the decision. */
  private watch: FormWatch | null = null;

  constructor(
    request: RequestView,
    context: Context,
    pipeline: Pipeline,
    parts: RunnerParts,
    observers: readonly Layer[],
    about: RunCase,
  ) {
    super(request, context, pipeline, parts);
    this.observers = observers;
    this.about = about;
    this.body = about.body;
    context.content = this;
  }

  /** A decision names its run, for the guard alone: whoever writes decisions down writes none of what a request carried. */
  toJSON(): undefined {}

  /** Runs the layers from `index` on; becomes a promise only where a layer answers with one. */
  layers(steps: readonly Step[], index: number): Decision | Promise<Decision> {
    for (let i = index; i < steps.length; i++) {
      const step = steps[i] as Step;
      const verdict = this.ask(step);
      if (verdict === PASS) continue;
      if (verdict instanceof Promise) return this.later(steps, i, step, verdict);
      if (this.refuses(step, verdict as Refusal)) return this.decision();
    }
    return steps === this.pipeline.after ? this.decision() : this.afterLayers();
  }

  /** The body for a check that must look into it; see {@link Content}. */
  async read(): Promise<Uint8Array | null> {
    if (this.body !== null) return this.body;
    const { body } = this.request;
    if (body.length < 0 || body.length > HELD_BODY_BYTES) return null;
    this.body = await body.collect(HELD_BODY_BYTES);
    return this.body;
  }

  replace(bytes: Uint8Array): void {
    this.body = bytes;
    this.rewritten = true;
  }

  private ask(step: Step): Verdict | Promise<Verdict> {
    this.context.claims = this.holds(step) ? this.enforcedClaims : this.reportedClaims;
    try {
      return step.check(this.request, this.context);
    } catch (error) {
      return this.fault(error);
    }
  }

  private async later(steps: readonly Step[], index: number, step: Step, promise: Promise<Verdict>): Promise<Decision> {
    let verdict: Verdict;
    try {
      verdict = await promise;
    } catch (error) {
      verdict = this.fault(error);
    }
    if (verdict !== PASS && this.refuses(step, verdict as Refusal)) return this.decision();
    return this.layers(steps, index + 1);
  }

  /**
   * Whether a layer's refusal ends the request. What this session has just removed is gone, and nobody else's; who made what
   * is asked after the commit, so that nothing captured hears it.
   */
  private refuses(step: Step, refused: Refusal): boolean {
    const enforced = this.holds(step);
    const removed = enforced && refused === NOBODYS ? this.parts.repeats?.removed(this.request, this.context) : null;
    if (!removed) return this.took(step.layer.name, refused, enforced);
    this.answered(removed, 'removed already');
    return true;
  }

  private afterLayers(): Decision | Promise<Decision> {
    if (this.context.answer !== null) return this.decision();
    const { length } = this.request.body;
    const { route } = this.context;
    if (
      route.maxBody !== 0 &&
      length > route.maxBody &&
      this.took('target', TOO_LARGE, this.enforces(this.pipeline.routeShare))
    )
      return this.decision();
    const { form, spent } = this.about;
    if (this.body !== null || spent.length > 0) this.refresh();
    if (spent.length > 0) for (const claims of [this.enforcedClaims, this.reportedClaims]) forgetSpent(claims, spent);
    return form === null ? this.withBody() : this.lookInto(form);
  }

  private withBody(): Decision | Promise<Decision> {
    const { digest } = this.context;
    const { length } = this.request.body;
    if (digest === null || length <= 0 || length > HELD_BODY_BYTES) return this.commit();
    return this.held(digest);
  }

  /** What the body names by `_method` is asked for as if the request line named it. */
  private async lookInto(form: FormQuestion): Promise<Decision> {
    let body: Uint8Array | null;
    try {
      body = await this.read();
    } catch (error) {
      return this.broken(error);
    }
    this.refresh();
    const found = body === null ? form.begin() : form.inBody(body);
    if ('kind' in found) {
      if (this.took('route', found, this.enforces(form.share))) return this.decision();
    } else if ('write' in found) {
      this.watch = watchForm(found, (named) => this.judgeLate(named, this.enforces(form.share)));
    } else if (found !== this.context.route) return this.about.judge(found, { body, spent: [] }, this.context.now);
    return this.withBody();
  }

  /** The rest of the judgement, while the body goes to the backend; null where it may go on. */
  private async judgeLate(found: RouteRule | Refusal, enforced: boolean): Promise<Decision | null> {
    const decision = 'kind' in found ? this.unreadable(found, enforced) : await this.late(found);
    if (decision.trail.length > 0) this.parts.onLate?.(decision, this.request);
    return decision.outcome === 'admit' ? null : decision;
  }

  private late(rule: RouteRule): Decision | Promise<Decision> {
    const spent = [this.enforcedClaims, this.reportedClaims];
    return this.about.judge(rule, { body: null, spent }, this.context.now);
  }

  private unreadable(refused: Refusal, enforced: boolean): Decision {
    this.trail = null;
    this.took('route', refused, enforced);
    return this.decision();
  }

  /** Small bodies are read and checked before the commit: a changed body never burns the page's counter. */
  private async held(digest: StreamDigest): Promise<Decision> {
    try {
      this.body ??= await this.request.body.collect(HELD_BODY_BYTES);
    } catch (error) {
      return this.broken(error);
    }
    const fits = this.body !== null && fitsDigest(this.body, digest);
    const signer = this.context.key === null ? 'proof' : 'key';
    if (!fits && this.took(signer, DIGEST, this.digestEnforced())) return this.decision();
    this.context.digest = null;
    this.refresh();
    return this.commit();
  }

  /** A slow body must not be judged by the time at which its head came: the session may have ended meanwhile. */
  private refresh(): void {
    this.enforcedClaims.now = this.parts.wall();
    this.reportedClaims.now = this.enforcedClaims.now;
  }

  /** The body did not come. */
  private broken(error: unknown): Decision {
    this.fault(error);
    this.took('guard', FAULT, true);
    return this.decision();
  }

  private digestEnforced(): boolean {
    const { keyShare, proofShare: share, proofSpares: spares } = this.pipeline;
    return this.context.key === null ? this.holds({ share, spares }) : this.enforces(keyShare);
  }

  protected override afterCommit(): Decision | Promise<Decision> {
    const { after } = this.pipeline;
    return after.length === 0 ? this.decision() : this.layers(after, 0);
  }

  protected override decision(): Decision {
    const { context, refused } = this;
    for (const layer of this.observers) layer.observe?.(this.request, context, refused ?? null);
    const admitted = refused === null;
    const goesOn = admitted && context.answer === null;
    const { enforcedClaims, reportedClaims, parts } = this;
    return {
      outcome: admitted ? 'admit' : this.outcome,
      id: this.parts.nextId(),
      code: admitted ? '' : refused.code,
      layer: this.refusedBy,
      route: context.route,
      enforced: this.enforces(this.pipeline.routeShare),
      carrier: context.carrier,
      level: context.level,
      client: context.ticket === null ? '' : context.ticket.client,
      session: labelOf(context.ticket !== null ? context.ticket.session : context.cookieSession),
      subject: context.subject,
      key: context.key,
      relay: context.relay,
      prefix: context.prefix,
      address: context.address,
      secure: context.secure,
      authority: context.authority,
      trail: this.trail ?? NO_TRAIL,
      note: context.note,
      answer: admitted ? context.answer : null,
      responseFields: context.responseFields,
      streamDigest: admitted && this.digestEnforced() ? context.digest : null,
      body: this.body,
      rewritten: this.rewritten,
      incomplete: this.incomplete,
      form: admitted ? this.watch : null,
      retryAfter: context.retryAfter,
      proof: admitted ? context.proof : null,
      grounds: this,
      holds: takeHolds(parts.state, enforcedClaims, reportedClaims, goesOn),
      reserved: takeReserved(parts.ledger, enforcedClaims, reportedClaims, goesOn),
      sessionRef: context.route.steps === NO_STEPS && context.route.sources === NO_SOURCES ? null : sessionOf(context),
      missing: context.missing,
      field: context.field,
      challenge: refused?.code === 'challenge' ? (context.ask?.member() ?? null) : null,
    };
  }
}

function fitsDigest(body: Uint8Array, digest: StreamDigest): boolean {
  const whole = hash('sha256', body, 'buffer');
  // What is held is at most one slice (docs/protocol.md §3.6).
  return timingSafeEqual(digest.kind === 'whole' ? whole : hash('sha256', whole, 'buffer'), digest.sha256);
}
