import { hash, timingSafeEqual } from 'node:crypto';
import { whenKnown } from '../lib/eventually.ts';
import { HELD_BODY_BYTES } from '../wire/constants.ts';
import { type Applied, applyClaims, whyEnded } from './applying.ts';
import { sessionOf } from './caller.ts';
import { type CommitFailure, explain, tellLimit } from './commit-failure.ts';
import { addNote, claimsAnything, forgetSpent, noClaims } from './context.ts';
import { NOBODYS } from './creator.ts';
import {
  type Answer,
  type Decision,
  type Outcome,
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
import type { Ledger } from './ledger.ts';
import type { Pipeline, Step } from './pipeline.ts';
import type { RouteRule } from './policy.ts';
import type { Repeats } from './repeats.ts';
import { EVERYBODY, NOBODY } from './rollout.ts';
import { labelOf } from './session-label.ts';
import type { Claims, State } from './state.ts';
import { NO_USE } from './use.ts';
import type { Emergency } from './unsure.ts';
import { IncompleteBody, type RequestView } from './view.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface RunnerParts {
  readonly layers: readonly Layer[];
  readonly state: State;
  /** Where money is counted. Without it what costs money is refused. */
  readonly ledger?: Ledger;
  readonly wall: () => number;
  readonly nextId: () => string;
  /** Hears of what a body turned out to ask for after its request had been admitted. */
  readonly onLate?: (decision: Decision, request: RequestView) => void;
  /** The bucket that a roll-out counts a request by. Without it all are in the first: whatever is rolled out is enforced. */
  readonly bucketOf?: (request: RequestView, context: Context) => number;
  /** When the session of a request began, by what was sealed here: milliseconds since 1970. Without it none is that old. */
  readonly beganOf?: (request: RequestView) => number;
  /** Knows the answers to calls that are sent again because those were lost. Without it such a call is refused. */
  readonly repeats?: Pick<Repeats, 'again' | 'removed'>;
  /** Where calls wait that come a little early. Without one, none does. */
  readonly room?: WaitingRoom;
  /** What goes on while state cannot be reached. Without it nothing does. */
  readonly emergency?: Emergency;
}

/** What a run is about besides its request. */
export interface RunCase {
  /** What the body may name; null for most. */
  readonly form: FormQuestion | null;
  /** The body, where it was read already. */
  readonly body: Uint8Array | null;
  /** What this very request has claimed before, when it was judged by another rule. */
  readonly spent: readonly Claims[];
  /** Judges the same request by another rule, as of the same time. */
  judge(rule: RouteRule, known: Known, now: number): Decision | Promise<Decision>;
}

/** What one run leaves to the next. */
export type Known = Pick<RunCase, 'body' | 'spent'>;

const NO_TRAIL: readonly TrailStep[] = Object.freeze([]);
const FAULT = refusal('unsure', 'nothing: a check failed to finish; the log names it');
const DIGEST = refusal('digest', 'a body whose SHA-256 is the one that the proof covers');
const TOO_LARGE = refusal('too-large', 'a body within the route’s maxBody');

/** One request on its way: layers, body, commit, decision. */
export class Run implements Content, Grounds {
  /** The shared empty list until something refuses. */
  private trail: TrailStep[] | null = null;
  private refused: Refusal | null = null;
  private refusedBy = '';
  private outcome: Outcome = 'admit';
  private body: Uint8Array | null = null;
  private rewritten = false;
  private incomplete = false;
  /** Not known until a layer is enforced for some alone. */
  private bucket = -1;
  private readonly enforcedClaims: Claims;
  private readonly reportedClaims: Claims;
  readonly request: RequestView;
  readonly context: Context;
  private readonly pipeline: Pipeline;
  private readonly parts: RunnerParts;
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
    this.request = request;
    this.context = context;
    this.pipeline = pipeline;
    this.parts = parts;
    this.observers = observers;
    this.about = about;
    this.body = about.body;
    context.content = this;
    this.enforcedClaims = context.claims;
    this.reportedClaims = pipeline.reports ? noClaims(context.now) : context.claims;
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

  /** Whether what is enforced for a share of the buckets is for this request: one bucket for all layers. */
  private enforces(share: number): boolean {
    if (share === EVERYBODY || share === NOBODY) return share === EVERYBODY;
    if (this.bucket < 0) this.bucket = this.parts.bucketOf?.(this.request, this.context) ?? 0;
    return this.bucket < share;
  }

  private holds({ share, spares }: Pick<Step, 'share' | 'spares'>): boolean {
    return this.enforces(share) && !(spares > 0 && this.began() < spares);
  }

  private began(): number {
    return this.parts.beganOf?.(this.request) ?? Infinity;
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

  /** Not forwarded: it gets an answer that was given before. */
  private answered(answer: Answer, note: string): void {
    this.context.answer = answer;
    addNote(this.context, note);
  }

  /** A fault refuses: whoever can make a check throw must not get past it (fail-closed). */
  private fault(error: unknown): Refusal {
    this.context.evidence = `fault: ${error instanceof Error ? error.name : 'unknown'}`;
    this.outcome = 'error';
    this.incomplete ||= error instanceof IncompleteBody;
    return FAULT;
  }

  /** Notes a refusal. True where it ends the request; reported layers go on. */
  private took(layer: string, refused: Refusal, enforced: boolean): boolean {
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

  private commit(): Decision | Promise<Decision> {
    const claims = this.enforcedClaims;
    if (!claimsAnything(claims)) return this.commitReported();
    if (claims.use !== NO_USE && this.parts.room?.hasRoom(this.context.prefix) !== true) claims.mayWait = false;
    const result = applyClaims(this.parts.state, this.parts.ledger, claims);
    if (result instanceof Promise) return result.then((code) => this.committed(code));
    return this.committed(result);
  }

  private committed(code: Applied): Decision | Promise<Decision> {
    const { ticket } = this.context;
    if (code !== 'stale' || ticket === null) return this.concluded(code);
    // On refusals alone, so that no signed call pays for it: a page must not go on by itself as somebody else.
    return whenKnown(whyEnded(this.parts.state, ticket, this.enforcedClaims.now), (reason) =>
      this.concluded(reason === 'login' ? 'login-changed' : code),
    );
  }

  private concluded(code: CommitFailure | ''): Decision | Promise<Decision> {
    if (code === 'unsure' && this.goesOn()) return this.afterCommit();
    const again = code === 'replayed' ? (this.parts.repeats?.again(this.request, this.context) ?? null) : null;
    return again === null ? this.settled(code) : again.then((answer) => this.repeated(answer));
  }

  /** Admitted before: what is sent again because its answer was lost gets that one. */
  private repeated(answer: Answer | null): Decision | Promise<Decision> {
    if (answer === null) return this.settled('replayed');
    this.answered(answer, 'sent again: its answer had been lost');
    return this.decision();
  }

  private settled(code: CommitFailure | ''): Decision | Promise<Decision> {
    if (code !== '' && this.failedCommit(code, this.enforcedClaims, true)) return this.decision();
    if (code !== '') return this.commitReported();
    if (this.enforcedClaims.redirectTarget !== '') this.redirected();
    const { used } = this.enforcedClaims;
    if (used.tightest !== null) tellLimit(this.context, used.tightest.scope, used.left, used.fullIn);
    return used.delay > 0 ? this.heldBack(used.delay) : this.commitReported();
  }

  /** On the record as what would be refused: it may have been sent before, and nothing vouches for it to the backend. */
  private goesOn(): boolean {
    const claims = this.enforcedClaims;
    if (this.parts.emergency?.admits(this.request, this.context, claims) !== true) return false;
    this.failedCommit('unsure', claims, false);
    return true;
  }

  /** The grant stands for the signature: what was signed is what was redirected here. */
  private redirected(): void {
    const { context } = this;
    context.ticket = context.resent?.ticket ?? null;
    context.proof = context.resent?.proof ?? null;
    context.level = 'proof';
  }

  private failedCommit(code: CommitFailure, claims: Claims, enforced: boolean): boolean {
    const { layer, refused } = explain(code, claims, this.context, enforced);
    return this.took(layer, refused, enforced);
  }

  /** A call that comes a little early waits for its turn. It has paid already: nobody comes in between. */
  private async heldBack(delay: number): Promise<Decision> {
    const { request, context } = this;
    await this.parts.room?.wait(delay, context.prefix, request.waiter);
    return this.commitReported();
  }

  /** Reported layers apply their own claims after the decision, and never change it. */
  private commitReported(): Decision | Promise<Decision> {
    const claims = this.reportedClaims;
    if (!this.pipeline.reports || !claimsAnything(claims)) return this.afterCommit();
    const result = applyClaims(this.parts.state, this.parts.ledger, claims);
    if (result instanceof Promise) {
      return result.then((code) => {
        if (code !== '') this.failedCommit(code, claims, false);
        return this.afterCommit();
      });
    }
    if (result !== '') this.failedCommit(result, claims, false);
    return this.afterCommit();
  }

  private afterCommit(): Decision | Promise<Decision> {
    const { after } = this.pipeline;
    return after.length === 0 ? this.decision() : this.layers(after, 0);
  }

  private decision(): Decision {
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
