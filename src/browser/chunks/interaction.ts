import { formatInteraction, INTERACTION_PATH } from '../../wire/interaction.ts';
import type { Context } from '../context.ts';
import { createHands, HAND_EVENTS } from '../hands.ts';

/** At most one summary in so many milliseconds, and only after something was done. */
const PACE = 30_000;

/** Tells the gate now and then how the page is used by hand. The app's own events are seen and left as they are. */
export function start(context: Context): void {
  const hands = createHands();
  let waits = false;

  const tell = (): void => {
    waits = false;
    const told = hands.take();
    if (!told) return;
    const url = new URL(`${context.gate}${context.config.mount}${INTERACTION_PATH}`);
    const request = new Request(url, {
      method: 'POST',
      body: formatInteraction(told),
      headers: { 'content-type': 'application/json', 'x-requested-with': 'sallyport' },
      credentials: 'include',
      keepalive: true,
    });
    // What cannot be told is forgotten: nobody looks worse for it.
    context.call({ url, route: { method: '', path: '' } }, request).catch(() => {});
  };

  for (const name of HAND_EVENTS) {
    const hear = (event: Event): void => {
      if (!hands.hear(event) || waits) return;
      waits = true;
      context.platform.later(tell, PACE);
    };
    self.addEventListener(name, hear, { capture: true, passive: true });
  }
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && tell());
}
