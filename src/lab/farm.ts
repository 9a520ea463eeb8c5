import type { Sender } from './http.ts';
import type { Lab } from './lab.ts';
import type { Opening, WireClient } from './wire-client.ts';

/** Sessions opened side by side. */
const TOGETHER = 10;
/** Milliseconds after which an entry counts as held up: a hundred times what one takes. */
export const HELD_MS = 3_000;

/** A client on its way through the doors. */
export interface Farmed {
  readonly client: WireClient;
  readonly sender: Sender;
  /** Never rejects. */
  readonly opening: Promise<Opening>;
  /** Milliseconds that its entry took; null while it is held up. */
  tookMs: number | null;
}

/** Opens session after session from one address, until an entry is held up or refused, or there are `most`. */
export async function farm(lab: Lab, address: string, most: number): Promise<readonly Farmed[]> {
  const all: Farmed[] = [];
  while (all.length < most && lab.now() < lab.until) {
    const count = Math.min(TOGETHER, most - all.length);
    const batch = Array.from({ length: count }, () => enter(lab, lab.sender(address)));
    all.push(...batch);
    const opened = await Promise.all(batch.map((one) => isOpenSoon(one)));
    if (opened.includes(false)) break;
  }
  return all;
}

/** Sends a client through the doors and times it. */
export function enter(lab: Lab, sender: Sender): Farmed {
  const client = lab.wireClient(sender);
  const started = lab.now();
  const opening = client.open().then((result) => {
    farmed.tookMs = lab.now() - started;
    return result;
  });
  const farmed: Farmed = { client, sender, opening, tookMs: null };
  return farmed;
}

/** Whether the doors opened, and at once. */
export async function isOpenSoon({ opening }: Farmed): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const held = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), HELD_MS);
  });
  const result = await Promise.race([opening, held]);
  clearTimeout(timer);
  return result?.opened === true;
}
