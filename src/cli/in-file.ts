import { ConfigError } from '../guard/errors.ts';

/** What is found only when a configuration is taken up, as a schema that is not there, in the name of the file that names it. */
export async function inFile<T>(file: string, takeUp: () => Promise<T>): Promise<T> {
  try {
    return await takeUp();
  } catch (error) {
    if (file === '' || !(error instanceof ConfigError) || error.source !== 'config') throw error;
    throw new ConfigError(file, error.problems);
  }
}
