import puppeteer from 'puppeteer-core';
import type { Launcher } from '../browser.ts';
import { driveNew } from '../drive-puppeteer.ts';
import type { Attacker } from '../lab.ts';
import { findPackage } from '../optional.ts';
import { RUN_BROWSER } from '../steps.ts';

/** The parts of puppeteer-extra and its plug-in that are used. They are CommonJS modules. */
interface Extra {
  readonly default: { addExtra(puppeteer: object): Launcher & { use(plugin: unknown): void } };
}

interface Stealth {
  readonly default: () => unknown;
}

/** The best known way to make a driven browser say what a person's would. */
export const stealth: Attacker = {
  name: 'stealth',
  group: 'doors',
  title: 'Puppeteer with stealth',
  how: 'puppeteer-core by way of puppeteer-extra, whose plug-in puppeteer-extra-plugin-stealth changes what a headless Chromium says of itself. Otherwise as the headless browser.',
  steps: [
    ...RUN_BROWSER,
    'a program that drives it by puppeteer-extra and its plug-in',
    'disguises of one’s own for what the plug-in does not know yet',
  ],
  possible: 'A headless browser in disguise gets in',
  async run(lab, tally) {
    const [extra, plugin] = ['puppeteer-extra', 'puppeteer-extra-plugin-stealth'].map(findPackage);
    // SAFETY: optional libraries without a type of ours; the interfaces above are what their documentation says.
    const { addExtra } = ((await import(extra ?? '')) as Extra).default;
    const { default: disguise } = (await import(plugin ?? '')) as Stealth;
    const launcher = addExtra(puppeteer);
    launcher.use(disguise());
    await driveNew(lab, tally, { launcher });
  },
};
