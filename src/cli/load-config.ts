import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { basename, dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { absoluteUrl } from '../guard/records-url.ts';
import { ConfigError } from '../guard/errors.ts';

/** Names looked for in the working directory, in this order. */
const NAMES = [
  'sallyport.config.ts',
  'sallyport.config.mts',
  'sallyport.config.js',
  'sallyport.config.mjs',
  'sallyport.config.json',
];

export interface ConfigFile {
  /** File name for messages; '' where there is no file. */
  readonly name: string;
  /** Absolute path; '' where there is no file. */
  readonly path: string;
  /** What the file exports, unchecked. */
  readonly value: unknown;
}

const NO_FILE: ConfigFile = { name: '', path: '', value: {} };

/**
 * Reads the configuration that `--config` names, or the first of {@link NAMES} in the working directory. TypeScript
 * is loaded by Node's type stripping. Every call reads the file anew, so that a reload sees what was saved.
 */
export async function loadConfigFile(named: string | undefined, directory = process.cwd()): Promise<ConfigFile> {
  const path = named === undefined ? findConfigFile(directory) : resolve(directory, named);
  if (path === '') return NO_FILE;
  if (!existsSync(path)) throw unusable('command line', '--config', named ?? path, 'there is no such file');
  const name = basename(path);
  const value = extname(path) === '.json' ? await readJson(path, name) : await importDefault(path, name);
  return { name, path, value: withAbsolutePaths(value, dirname(path)) };
}

function findConfigFile(directory: string): string {
  const name = NAMES.find((candidate) => existsSync(resolve(directory, candidate)));
  return name === undefined ? '' : resolve(directory, name);
}

async function readJson(path: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw unusable(name, '', 'not JSON', firstLine(error));
  }
}

let loads = 0;

/** What a file of the developer's exports; it may import this package by name, installed beside it or not. */
export async function importDefault(path: string, name: string): Promise<unknown> {
  const url = pathToFileURL(path);
  url.searchParams.set('load', String(++loads));
  const hooks = registerHooks({ resolve: ownPackage });
  try {
    const module: Record<string, unknown> = await import(url.href);
    if (!('default' in module)) throw unusable(name, '', 'without a default export', 'write export default { … }');
    return module['default'];
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unusable(name, '', 'not loadable', firstLine(error));
  } finally {
    hooks.deregister();
  }
}

/** What such a file may need. */
const OWN: Readonly<Record<string, string>> = { 'sallyport/config': 'config', 'sallyport/lab': 'lab/index' };

/** Lets a configuration import `defineConfig` where the package is not installed beside it. */
const ownPackage: Parameters<typeof registerHooks>[0]['resolve'] = (specifier, context, next) => {
  try {
    return next(specifier, context);
  } catch (error) {
    const file = OWN[specifier];
    if (file === undefined) throw error;
    return next(new URL(`../${file}${extname(import.meta.url)}`, import.meta.url).href, context);
  }
};

/** Files named by a configuration lie beside it, wherever the command is run. */
function withAbsolutePaths(value: unknown, folder: string): unknown {
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = { ...value };
  const absolute = (path: unknown): unknown => (typeof path === 'string' && path !== '' ? resolve(folder, path) : path);
  for (const name of ['frontend', 'openapi']) if (name in copy) copy[name] = absolute(copy[name]);
  if (Array.isArray(copy['routes'])) copy['routes'] = copy['routes'].map((route) => withSchemaFiles(route, absolute));
  if (typeof copy['records'] === 'string') copy['records'] = absoluteUrl(copy['records'], folder);
  for (const [group, names] of [
    ['tls', ['cert', 'key', 'dir', 'clientCa']],
    ['upstream', ['ca', 'cert', 'key']],
  ] as const) {
    const files = copy[group];
    if (!isRecord(files)) continue;
    copy[group] = Object.fromEntries(
      Object.entries(files).map(([name, path]) => [
        name,
        names.some((known) => known === name) ? absolute(path) : path,
      ]),
    );
  }
  if ('addresses' in copy) copy['addresses'] = withListFiles(copy['addresses'], absolute);
  if ('tls' in copy) copy['tls'] = withCertificateFiles(copy['tls'], absolute);
  if ('authorization' in copy) copy['authorization'] = withPolicyFiles(copy['authorization'], absolute);
  if ('login' in copy) copy['login'] = withKeyFiles(copy['login'], absolute);
  return copy;
}

/** `addresses.lists[].file` */
function withListFiles(addresses: unknown, absolute: (path: unknown) => unknown): unknown {
  if (!isRecord(addresses) || !Array.isArray(addresses['lists'])) return addresses;
  const lists = addresses['lists'].map((list: unknown) =>
    isRecord(list) && 'file' in list ? { ...list, file: absolute(list['file']) } : list,
  );
  return { ...addresses, lists };
}

/** A route's schemas may stand in the configuration itself, or in files. */
function withSchemaFiles(route: unknown, absolute: (path: unknown) => unknown): unknown {
  if (!isRecord(route) || !isRecord(route['schema'])) return route;
  const schema = Object.entries(route['schema']).map(([name, value]) => [name, absolute(value)]);
  return { ...route, schema: Object.fromEntries(schema) };
}

/** Files that lie deeper in `tls` than its own fields. */
function withCertificateFiles(tls: unknown, absolute: (path: unknown) => unknown): unknown {
  if (!isRecord(tls)) return tls;
  const { more, acme } = tls;
  const pair = (one: unknown): unknown =>
    isRecord(one) ? { ...one, cert: absolute(one['cert']), key: absolute(one['key']) } : one;
  return {
    ...tls,
    ...(Array.isArray(more) ? { more: more.map(pair) } : {}),
    ...(isRecord(acme) && 'directoryCa' in acme
      ? { acme: { ...acme, directoryCa: absolute(acme['directoryCa']) } }
      : {}),
  };
}

/** Policies, schema and entities may stand in the configuration itself, or in files. */
function withPolicyFiles(authorization: unknown, absolute: (path: unknown) => unknown): unknown {
  if (!isRecord(authorization) || !isRecord(authorization['cedar'])) return authorization;
  const isFile = (text: unknown): boolean =>
    typeof text === 'string' && /^[^\n]+\.(?:cedar|cedarschema|json)$/.test(text);
  const cedar = Object.entries(authorization['cedar']).map(([name, text]) => [
    name,
    isFile(text) ? absolute(text) : text,
  ]);
  return { ...authorization, cedar: Object.fromEntries(cedar) };
}

/** `login.providers.<name>.clientKey` is a file. */
function withKeyFiles(login: unknown, absolute: (path: unknown) => unknown): unknown {
  if (!isRecord(login) || !isRecord(login['providers'])) return login;
  const providers = Object.entries(login['providers']).map(([name, provider]) => [
    name,
    isRecord(provider) && 'clientKey' in provider
      ? { ...provider, clientKey: absolute(provider['clientKey']) }
      : provider,
  ]);
  return { ...login, providers: Object.fromEntries(providers) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function unusable(source: string, field: string, value: string, rule: string): ConfigError {
  return new ConfigError(source, [{ field, value, rule }]);
}
