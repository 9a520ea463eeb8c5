const STEP = 10_000;
/** A minute touches seven steps. */
const STEPS = 7;

/** The most calls of any minute, counted in steps of ten seconds and never too low. One for each route of each session: small. */
export class Peak {
  most = 0;
  private readonly counts = [0, 0, 0, 0, 0, 0, 0];
  private latest = 0;
  private sum = 0;

  /** @param time milliseconds; later than those before, or nearly */
  add(time: number): void {
    const step = Math.floor(time / STEP);
    if (step > this.latest) this.goOn(step);
    const at = this.latest % STEPS;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += 1;
    if (this.sum > this.most) this.most = this.sum;
  }

  private goOn(step: number): void {
    const gone = Math.min(STEPS, step - this.latest);
    for (let index = 0; index < gone; index++) {
      const at = (step - index) % STEPS;
      this.sum -= this.counts[at] ?? 0;
      this.counts[at] = 0;
    }
    this.latest = step;
  }
}
