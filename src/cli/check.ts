import { compilePolicy } from '../guard/compile.ts';
import { formatCheck } from './check-format.ts';
import { describePolicy } from './check-report.ts';
import { EXIT, type Io, present } from './command.ts';
import { type ConfigFlags, loadConfig } from './flags.ts';
import { layers } from '../index.ts';

/** `sallyport check`: what each route asks for and enforces. Needs no gate; fails only where the configuration does. */
export async function check(flags: ConfigFlags, io: Io): Promise<number> {
  const { config, file } = await loadConfig(flags, layers.map(({ name }) => name));
  present(io, describePolicy(compilePolicy(config), layers, file), (report) => formatCheck(report, io.terminal.paint));
  return EXIT.ok;
}
