/** Whoever wants to hear of something, told in turn. */
export interface Listeners<Told extends readonly unknown[]> {
  readonly add: (listener: (...told: Told) => void) => void;
  readonly tell: (...told: Told) => void;
}

export function createListeners<Told extends readonly unknown[]>(): Listeners<Told> {
  const listeners: ((...told: Told) => void)[] = [];
  return {
    add: (listener) => void listeners.push(listener),
    tell(...told) {
      for (const listener of listeners) listener(...told);
    },
  };
}
