import { run } from './command.mjs';

const { code } = await run('biome', ['check', '--write', ...process.argv.slice(2)]);
process.exit(code);
