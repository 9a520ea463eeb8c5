import { whenKnown } from '../lib/eventually.ts';
import { type Applied, applyClaims, whyEnded } from './applying.ts';
import { type CommitFailure, explain, tellLimit } from './commit-failure.ts';
import { claimsAnything } from './context.ts';
import type { Answer, Decision } from './decision.ts';
import { Findings } from './run-findings.ts';
import type { Claims } from './state.ts';
import { NO_USE } from './use.ts';

/** The commit of a run: what its layers claimed is applied at once, and what becomes of it where that fails. */
export abstract class Committing extends Findings {
  /** What is asked after the commit, and then the decision. */
  protected abstract afterCommit(): Decision | Promise<Decision>;
  protected abstract decision(): Decision;

  protected commit(): Decision | Promise<Decision> {
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
}
