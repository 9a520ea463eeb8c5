import type { Config } from './guard/config.ts';

export type { ClientConfig, Config, MintConfig, Mode, RouteConfig, UpstreamConfig } from './guard/config.ts';
export type { Carrier, Level } from './guard/decision.ts';

/**
 * Gives `sallyport.config.ts` its types and returns what it was given. Where the package is not installed, write
 * `export default { … } satisfies import('sallyport/config').Config` or nothing but the object: the file is
 * checked when it is loaded.
 */
export function defineConfig(config: Config): Config {
  return config;
}
