import { resolve } from 'node:path';
import { isPreset } from '../guard/presets.ts';
import { parseConfig } from '../guard/config-schema.ts';
import type { Config } from '../guard/config.ts';
import { ConfigError } from '../guard/errors.ts';
import { absoluteUrl } from '../guard/records-url.ts';
import { type ConfigFile, loadConfigFile } from './load-config.ts';

/** Flags that stand for fields of the configuration, as commander hands them over. */
export interface ConfigFlags {
  to?: string;
  listen?: string;
  mode?: string;
  workers?: string;
  protect?: string[];
  open?: string[];
  frontend?: string;
  records?: string;
  state?: string;
  public?: string;
  tls?: boolean;
  tlsCert?: string;
  tlsKey?: string;
  config?: string;
  host?: string[];
  insecureHttp?: boolean;
  trustedProxy?: string[];
  metrics?: string;
}

/** Which flag stands for which field, where the names differ; all others are `--field`. */
const FLAG_OF: Readonly<Record<string, string>> = {
  hosts: '--host',
  trustedProxies: '--trusted-proxy',
  insecureHttp: '--insecure-http',
  'tls.cert': '--tls-cert',
  'tls.key': '--tls-key',
  tls: '--tls',
};

export interface LoadedConfig {
  readonly config: Config;
  /** The file's name; '' where flags are all there is. */
  readonly file: string;
  readonly path: string;
  /** The preset that was expanded; '' without one. */
  readonly preset: NonNullable<Config['preset']> | '';
}

/**
 * The configuration that holds: the file's fields, then the flags over them.
 * @throws {ConfigError} whose problems name the flag where a flag is at fault, else the file's field
 */
export async function loadConfig(flags: ConfigFlags, layers: readonly string[]): Promise<LoadedConfig> {
  const given = toFields(flags);
  checkFlags(given);
  const file = await loadConfigFile(flags.config);
  const source = [file.name, Object.keys(given).length > 0 ? 'command line' : '']
    .filter((part) => part !== '')
    .join(' and ');
  const config = parseConfig(merge(file, given), source, { layers });
  return { config, file: file.name, path: file.path, preset: presetOf(file.value) };
}

/** Called once the value has been checked. */
function presetOf(value: unknown): LoadedConfig['preset'] {
  const preset = value !== null && typeof value === 'object' && 'preset' in value ? value.preset : '';
  return typeof preset === 'string' && isPreset(preset) ? preset : '';
}

function merge(file: ConfigFile, given: Record<string, unknown>): unknown {
  return file.value !== null && typeof file.value === 'object' && !Array.isArray(file.value)
    ? { ...file.value, ...given }
    : file.value;
}

function toFields(flags: ConfigFlags): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    to: flags.to,
    listen: flags.listen === undefined ? undefined : fullAddress(flags.listen),
    mode: flags.mode,
    workers: flags.workers === undefined ? undefined : numberOr(flags.workers),
    protect: flags.protect,
    open: flags.open,
    frontend: flags.frontend === undefined ? undefined : resolve(flags.frontend),
    records: flags.records === undefined ? undefined : absoluteUrl(flags.records, process.cwd()),
    state: flags.state,
    public: flags.public,
    hosts: flags.host,
    insecureHttp: flags.insecureHttp,
    trustedProxies: flags.trustedProxy,
    metrics: flags.metrics === undefined ? undefined : fullAddress(flags.metrics),
    tls: tlsFiles(flags),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** What is no number is text, and said to be wrong as it was written. */
const numberOr = (text: string): number | string => (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text);

function tlsFiles({ tls, tlsCert, tlsKey }: ConfigFlags): Record<string, string> | 'self' | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return tls === true ? 'self' : undefined;
  const files = { cert: tlsCert, key: tlsKey };
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, path]) => (path === undefined ? [] : [[name, resolve(path)]])),
  );
}

/** `4000` and `:4000` mean the port on loopback, so that nobody listens on every network by accident. */
export function fullAddress(listen: string): string {
  return /^:?\d+$/.test(listen) ? `127.0.0.1:${listen.replace(':', '')}` : listen;
}

/** Checks the flags alone first, so that the message can name the flag. */
function checkFlags(given: Record<string, unknown>): void {
  try {
    parseConfig(given, 'command line');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      'command line',
      error.problems.map((problem) => ({ ...problem, field: toFlag(problem.field) })),
    );
  }
}

function toFlag(field: string): string {
  const name = field.replace(/\[\d+\]$/, '');
  return FLAG_OF[name] ?? `--${name}`;
}
