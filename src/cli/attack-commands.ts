import { type Command, InvalidArgumentError } from 'commander';
import type { AttackFlags, CoreHour } from './command.ts';
import { type CommandParts, type Json, jsonFlag, wholeNumber } from './parts.ts';

/** `0.04`, `0.04 EUR`, `0.04EUR`. */
function coreHour(value: string): CoreHour {
  const [, price, currency = ''] = /^(\d{1,6}(?:\.\d{1,9})?) ?([A-Za-z]{3}|[$€£¥])?$/.exec(value.trim()) ?? [];
  if (price !== undefined && Number(price) > 0) return { price: Number(price), currency: currency.toUpperCase() };
  throw new InvalidArgumentError("write a price above 0, as 0.04 or '0.04 EUR'.");
}

/** `sallyport attack`. */
export function attack(program: Command, { io, ended }: CommandParts): void {
  jsonFlag(
    program
      .command('attack')
      .description('run the attackers against a gate on this machine, and print what still gets in')
      .argument('<url>', 'an address of the API, as http://localhost:4000/api/posts')
      .option('--method <method>', 'method of the calls (default GET)')
      .option('--page <path>', 'a page of the app, where the doors open (default /)')
      .option('--calls <number>', 'calls by which a price is measured (default 200)', wholeNumber)
      .option('--seconds <number>', 'the run takes no longer (default 120)', wholeNumber)
      .option('--token-header <name>', 'header that carries the app’s token in SALLYPORT_TOKEN (default authorization)')
      .option(
        '--create <json>',
        'body of a POST to the address, by which one person makes an object that another reaches for',
      )
      .option('--core-hour <price>', "price of an hour of one core, as '0.04 EUR': adds a column in money", coreHour),
  ).action(async (url: string, options: AttackFlags & Json) => {
    const { attack } = await import('./attack.ts');
    ended(await attack(url, options, io(options)));
  });
}
