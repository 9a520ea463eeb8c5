import { compilePolicy } from '../guard/compile.ts';
import { describeBuilds } from './check-builds.ts';
import { formatCheck } from './check-format.ts';
import { describePolicy } from './check-report.ts';
import { readLists } from './check-addresses.ts';
import { describeState } from './check-state.ts';
import { EXIT, type Io, present } from './command.ts';
import { type ConfigFlags, loadConfig } from './flags.ts';
import { inFile } from './in-file.ts';
import { layersToAsk } from './layers.ts';

/** `sallyport check`: what each route asks for and enforces. Needs no gate; fails only where the configuration does. */
export async function check(flags: ConfigFlags, io: Io): Promise<number> {
  const layers = layersToAsk();
  const { config, file, preset } = await loadConfig(
    flags,
    layers.map(({ name }) => name),
  );
  const report = await inFile(file, async () => {
    const policy = compilePolicy(config);
    const described = describePolicy(policy, layers, { file, preset });
    return {
      ...described,
      builds: await describeBuilds(policy),
      state: await describeState(config),
      addresses: [...described.addresses, ...(await readLists(config))],
    };
  });
  present(io, report, (said) => formatCheck(said, io.terminal.paint));
  return EXIT.ok;
}
