import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { nearest } from '../lib/nearest.ts';
import { SallyportError } from '../guard/errors.ts';
import {
  type AttackFlags,
  type AuditFlags,
  type BanFlags,
  type CoreHour,
  type DoctorFlags,
  type EnforceFlags,
  EXIT,
  type GateFlags,
  type Io,
  type VerifyFlags,
} from './command.ts';
import type { ConfigFlags } from './flags.ts';
import type { RunFlags } from './gate.ts';
import { keys } from './keys-commands.ts';
import { sessions } from './sessions-commands.ts';
import { users } from './users-commands.ts';
import { processTerminal, type Terminal } from './terminal.ts';

interface Json {
  json?: boolean;
}

const repeat = (value: string, before: string[] = []): string[] => [...before, value];

/**
 * The command line. Each command's code is loaded when it is called.
 * @returns the exit code; `src/cli/command.ts` names them
 */
export async function main(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  let code: number = EXIT.ok;
  const program = build(terminal, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return failure(error, terminal);
  }
}

/** One line for what people can mend; a stack only for our own defects. */
function failure(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof SallyportError || (error instanceof Error && error.name === 'LabError')) {
    for (const line of error.message.split('\n')) terminal.err(`sallyport: ${line}`);
    return EXIT.usage;
  }
  terminal.err(`sallyport: a defect of Sallyport itself:\n${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.usage;
}

function build(terminal: Terminal, ended: (code: number) => void): Command {
  const io = (options: Json): Io => ({ terminal, json: options.json === true });
  const program = new Command('sallyport')
    .description('A gate that makes a web API answer only to its own frontend as far as possible, and says how far.')
    .usage('--to URL [options]\n       sallyport COMMAND [options]')
    .version(version(), '--version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      outputError: (text, write) => write(oneLine(text)),
    });
  gate(program, io, ended);
  switches(program, io, ended);
  looks(program, io, ended);
  recorded(program, io, ended);
  measures(program, io, ended);
  return program;
}

/** As package.json says it: two folders up from here, in the checkout and in the published package alike. */
function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return 'unknown';
  return String(manifest.version);
}

/** commander's `error: unknown option '--x'` and its suggestion, as one line that says how to go on. */
function oneLine(text: string): string {
  const said = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\n\(?/g, '; ')
    .replace(/\)$/, '');
  return `sallyport: ${said}${said.includes('Did you mean') ? '' : '; `sallyport --help` lists what there is'}`;
}

type MakeIo = (options: Json) => Io;
type Ended = (code: number) => void;

/** The flags that stand for the configuration; `check` takes them too. */
function configFlags(command: Command): Command {
  return command
    .option('--to <url>', 'backend to forward to, as http://localhost:3000')
    .option('--listen <host:port>', 'where people reach the gate (default 127.0.0.1:4000)')
    .option('--mode <mode>', 'report: decide and record only (default); enforce: refuse')
    .option('--protect <pattern>', 'what needs a proof; repeatable (default /api/**)', repeat)
    .option('--open <pattern>', 'exception, matched byte for byte: webhooks, login callbacks; repeatable', repeat)
    .option('--frontend <dir>', 'serve this built frontend; index.html answers unknown pages')
    .option('--records <url>', 'logins, keys, bans, audit: memory (default), sqlite:PATH or postgres://…')
    .option('--public <origin>', 'origin people see, as https://app.example')
    .option('--host <host>', 'further Host the gate answers for; repeatable', repeat)
    .option('--tls', 'terminate TLS here, by a certificate for localhost that the gate makes')
    .option('--tls-cert <file>', 'certificate (PEM), to terminate TLS here')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--trusted-proxy <cidr>', 'network whose forwarding headers are believed; repeatable', repeat)
    .option('--insecure-http', 'pages on plain HTTP in a private network; report mode only')
    .option('--metrics <host:port>', 'Prometheus metrics on an address of their own')
    .option('--config <file>', 'configuration (default sallyport.config.ts, .js, .mjs or .json here)');
}

const json = () => new Option('--json', 'one JSON document instead of words');

function gate(program: Command, io: MakeIo, ended: Ended): void {
  configFlags(program)
    .addOption(
      new Option('--log <level>', 'log lines on standard error')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .addOption(new Option('--json', 'one JSON document when the gate is up'))
    .argument('[word]')
    .allowExcessArguments(true)
    .action(async (word: string | undefined, options: RunFlags & Json) => {
      if (word !== undefined) return unknownWord(program, word);
      const { runGate } = await import('./gate.ts');
      ended(await runGate(options, io(options)));
    });
}

function unknownWord(program: Command, word: string): void {
  const meant = nearest(
    word,
    program.commands.map((command) => command.name()),
  );
  const hint = meant === '' ? '`sallyport --help` lists what there is' : `did you mean ${meant}?`;
  throw new SallyportError('usage', `there is no command ${JSON.stringify(word)}; ${hint}`);
}

function switches(program: Command, io: MakeIo, ended: Ended): void {
  program
    .command('enforce')
    .description('switch the running gate on, after loading the page and seeing what would break')
    .option('--listen <host:port>', 'which gate, where several run')
    .option('--page <path>', 'page to load; repeatable (default /)', repeat)
    .option('--accept-found', 'list the images, forms, downloads and navigations that were found')
    .addOption(json())
    .action(async (options: EnforceFlags & Json) => {
      const { enforce } = await import('./enforce.ts');
      ended(await enforce(options, io(options)));
    });
  program
    .command('report')
    .description('switch the running gate back: decide and record, block nothing')
    .option('--listen <host:port>', 'which gate, where several run')
    .addOption(json())
    .action(async (options: GateFlags & Json) => {
      const { report } = await import('./report.ts');
      ended(await report(options, io(options)));
    });
}

function looks(program: Command, io: MakeIo, ended: Ended): void {
  program
    .command('status')
    .description('what passed, what was or would be refused; exits 3 in report mode')
    .option('--listen <host:port>', 'which gate, where several run')
    .addOption(json())
    .action(async (options: GateFlags & Json) => {
      const { status } = await import('./status.ts');
      ended(await status(options, io(options)));
    });
  program
    .command('why')
    .description('which rule refused a request, on what evidence, and how to except it')
    .argument('<id>', 'the id in the answer’s problem document or its Sallyport-Decision header')
    .option('--listen <host:port>', 'which gate, where several run')
    .addOption(json())
    .action(async (id: string, options: GateFlags & Json) => {
      const { why } = await import('./why.ts');
      ended(await why(id, options, io(options)));
    });
}

/** What is kept in records: the audit log and bans. */
function recorded(program: Command, io: MakeIo, ended: Ended): void {
  const audit = program
    .command('audit')
    .description('what was switched, banned and revoked, by whom; latest first')
    .option('--since <time>', 'from then on, as 2026-11-22 or 2026-11-22T10:00:00Z')
    .option('--actor <name>', 'only what this one did')
    .option('--action <name>', 'only this, as mode or ban.add')
    .option('--target <id>', 'only what was done to this')
    .option('--limit <number>', 'at most so many (default 100)', wholeNumber)
    .option('--listen <host:port>', 'which gate, where several run')
    .addOption(json())
    .action(async (options: AuditFlags & Json) => {
      const { audit } = await import('./audit.ts');
      ended(await audit(options, io(options)));
    });
  audit
    .command('verify')
    .description('whether rows were altered, removed or, against a head kept elsewhere, cut off; exits 1 if so')
    .option('--head <hex>', 'a head from the log or the metrics; repeatable', repeat)
    .option('--listen <host:port>', 'which gate, where several run')
    .addOption(json())
    .action(async (options: VerifyFlags & Json) => {
      const { verifyAudit } = await import('./audit.ts');
      ended(await verifyAudit(options, io(options)));
    });
  bans(program, io, ended);
  users(program, { io, ended, json, repeat, duration });
  keys(program, { io, ended, json, repeat, duration });
  sessions(program, { io, ended, json, repeat, duration });
}

function bans(program: Command, io: MakeIo, ended: Ended): void {
  const command = program
    .command('bans')
    .description('who is kept out: lists, adds and lifts bans')
    .option('--listen <host:port>', 'which gate, where several run')
    .addOption(json())
    .action(async (options: GateFlags & Json) => {
      const { listBans } = await import('./bans.ts');
      ended(await listBans(options, io(options)));
    });
  command
    .command('add')
    .description('keep one out: a session, a key, a user or an address')
    .option('--session <label>', 'as `sallyport why` and the log show it')
    .option('--key <id>', 'public id of a key')
    .option('--subject <source:id>', 'a user, as accounts:ada')
    .option('--prefix <address>', 'an IPv4 address, or the /56 of an IPv6 one')
    .option('--reason <text>', 'for whoever reads the list')
    .option('--for <time>', 'as 90s, 15m, 12h or 30d (default: until it is lifted)', duration)
    .option('--listen <host:port>', 'which gate, where several run')
    .addOption(json())
    .action(async (options: BanFlags & Json) => {
      const { addBan } = await import('./bans.ts');
      ended(await addBan(options, io(options)));
    });
  command
    .command('lift')
    .description('end a ban')
    .argument('<id>', 'as `sallyport bans` lists it')
    .option('--listen <host:port>', 'which gate, where several run')
    .addOption(json())
    .action(async (id: string, options: GateFlags & Json) => {
      const { liftBan } = await import('./bans.ts');
      ended(await liftBan(id, options, io(options)));
    });
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `15m`, `12h`, `30d`, in seconds. */
const duration = (value: string): number => {
  const [, number, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(value) ?? [];
  if (number !== undefined) return Number(number) * (UNITS[unit] ?? 1);
  throw new InvalidArgumentError('write a number and its unit, as 90s, 15m, 12h or 30d.');
};

const wholeNumber = (value: string): number => {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('write a whole number, 1 or more.');
};

/** `0.04`, `0.04 EUR`, `0.04EUR`. */
const coreHour = (value: string): CoreHour => {
  const [, price, currency = ''] = /^(\d{1,6}(?:\.\d{1,9})?) ?([A-Za-z]{3}|[$€£¥])?$/.exec(value.trim()) ?? [];
  if (price !== undefined && Number(price) > 0) return { price: Number(price), currency: currency.toUpperCase() };
  throw new InvalidArgumentError("write a price above 0, as 0.04 or '0.04 EUR'.");
};

function measures(program: Command, io: MakeIo, ended: Ended): void {
  program
    .command('attack')
    .description('run the attackers against a gate on this machine, and print what still gets in')
    .argument('<url>', 'an address of the API, as http://localhost:4000/api/posts')
    .option('--method <method>', 'method of the calls (default GET)')
    .option('--page <path>', 'a page of the app, where the doors open (default /)')
    .option('--calls <number>', 'calls by which a price is measured (default 200)', wholeNumber)
    .option('--seconds <number>', 'the run takes no longer (default 60)', wholeNumber)
    .option('--token-header <name>', 'header that carries the app’s token in SALLYPORT_TOKEN (default authorization)')
    .option(
      '--create <json>',
      'body of a POST to the address, by which one person makes an object that another reaches for',
    )
    .option('--core-hour <price>', "price of an hour of one core, as '0.04 EUR': adds a column in money", coreHour)
    .addOption(json())
    .action(async (url: string, options: AttackFlags & Json) => {
      const { attack } = await import('./attack.ts');
      ended(await attack(url, options, io(options)));
    });
  configFlags(program.command('check').description('what each route asks for and enforces; needs no running gate'))
    .addOption(json())
    .action(async (options: ConfigFlags & Json) => {
      const { check } = await import('./check.ts');
      ended(await check(options, io(options)));
    });
  program
    .command('doctor')
    .description('look for what commonly goes wrong around the running gate')
    .option('--listen <host:port>', 'which gate, where several run')
    .option('--public <origin>', 'reach the gate by the address that people use')
    .option('--page <path>', 'page to look at; repeatable (default /)', repeat)
    .addOption(json())
    .action(async (options: DoctorFlags & Json) => {
      const { doctor } = await import('./doctor.ts');
      ended(await doctor(options, io(options)));
    });
}
