/**
 * Everything but visible ASCII and the space written as `\u0000`: what a request brought must not drive the terminal or
 * the log that it is shown in. JSON leaves DEL and the C1 controls as they are.
 */
export const visible = (text: string): string =>
  text.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
