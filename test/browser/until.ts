/** Waits for a condition outside the page; fails after ten seconds. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never came true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits for something in a page whose document may change meanwhile. */
export async function untilPage(holds: () => Promise<unknown>): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end; ) {
    if (await holds().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came true: ${holds}`);
}
