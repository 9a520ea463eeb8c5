/** What P1.6 asks of the ladder, by the words of its rows; paid humans stand under Still possible. */
export const LADDER: readonly string[] = [
  'plain client',
  'spoofed headers',
  'copied cookie',
  'scripted bootstrap',
  'headless browser',
  'real browser automation',
];
