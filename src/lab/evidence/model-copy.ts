import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../guard/config.ts';

export interface WithCopy {
  readonly config: Config;
  /** Removes the copy, once the gate is closed. */
  remove(): Promise<void>;
}

/**
 * The same configuration with a copy of the file that `behaviour.model` names: a gate writes what it learned into it, and what
 * attackers do is not for the app's own. Where there is no file yet, none is named. Rejects where it cannot be read.
 */
export async function withModelCopy(config: Config): Promise<WithCopy> {
  const { model, ...behaviour } = config.behaviour ?? {};
  if (model === undefined) return { config, remove: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-evidence-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const copy = join(folder, 'model.json');
  try {
    await copyFile(model, copy);
    return { config: { ...config, behaviour: { ...behaviour, model: copy } }, remove };
  } catch (error) {
    await remove();
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) throw error;
    return { config: { ...config, behaviour }, remove };
  }
}
