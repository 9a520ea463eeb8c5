import { text } from 'node:stream/consumers';
import type { Order } from './maker.ts';

/** The process that makes a build (maker.ts): an order comes in, texts go out. */

interface Obfuscator {
  obfuscate(text: string, options: object): { getObfuscatedCode(): string };
}

// SAFETY: our own parent writes one order, and the package exports this function since its first version.
const order = JSON.parse(await text(process.stdin)) as Order;
const { default: obfuscator } = (await import('javascript-obfuscator')) as unknown as { default: Obfuscator };
const { options, seed } = order.recipe;
const made = Object.entries(order.texts).map(([name, source], index) => [
  name,
  obfuscator.obfuscate(source, { ...options, seed: seed + index }).getObfuscatedCode(),
]);
process.stdout.write(JSON.stringify(Object.fromEntries(made)));
