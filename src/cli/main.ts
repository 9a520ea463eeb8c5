import { Command, CommanderError, Option } from 'commander';
import { nearest } from '../lib/nearest.ts';
import { SallyportError } from '../guard/errors.ts';
import { attack } from './attack-commands.ts';
import { audit } from './audit-commands.ts';
import { bans } from './bans-commands.ts';
import { EXIT } from './command.ts';
import { evidence } from './evidence-commands.ts';
import type { ConfigFlags } from './flags.ts';
import type { RunFlags } from './gate.ts';
import { keys } from './keys-commands.ts';
import { learning } from './learning-commands.ts';
import { type CommandParts, configFlags, type Json, jsonFlag } from './parts.ts';
import { doctor, looks, switches } from './running-commands.ts';
import { sessions } from './sessions-commands.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { users } from './users-commands.ts';
import { version } from './version.ts';

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

/** In the order in which the help lists them. */
const COMMANDS = [gate, switches, looks, audit, bans, users, keys, sessions, attack, evidence, check, doctor, learning];

function build(terminal: Terminal, ended: (code: number) => void): Command {
  const parts: CommandParts = { io: ({ json }) => ({ terminal, json: json === true }), ended };
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
  for (const add of COMMANDS) add(program, parts);
  return program;
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

function gate(program: Command, { io, ended }: CommandParts): void {
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

function check(program: Command, { io, ended }: CommandParts): void {
  const command = program.command('check').description('what each route asks for and enforces; needs no running gate');
  jsonFlag(configFlags(command)).action(async (options: ConfigFlags & Json) => {
    const { check } = await import('./check.ts');
    ended(await check(options, io(options)));
  });
}
