import { parseConfig } from '../../src/guard/config-schema.ts';

/** `field is value; rule` of each problem, a line each; '' where the configuration is taken. */
export function problems(config: unknown): string {
  try {
    parseConfig(config, 'test');
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
