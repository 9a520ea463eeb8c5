import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { AcmeConfig } from '../../guard/config-tls.ts';
import { SallyportError } from '../../guard/errors.ts';
import { prepareFolder } from '../runtime-folder.ts';
import { keepFile, nameFor } from './folder.ts';
import { LETS_ENCRYPT } from './kept.ts';
import type { KeyPair } from './self-made.ts';

type AcmeClient = typeof import('acme-client');
type Client = import('acme-client').Client;

/** Milliseconds for one answer of the authority. */
const ANSWER_MS = 30_000;

/** Shows the authority what it asks to see. */
export interface Challenges {
  show(name: string, token: string, keyAuthorization: string, alpn: () => Promise<KeyPair>): Promise<void> | void;
  hide(name: string, token: string): void;
}

/** An authority that did not issue. */
export class AcmeError extends Error {
  /** Milliseconds that it asks to wait; 0 where it does not say. */
  readonly wait: number;
  constructor(message: string, wait: number) {
    super(message);
    this.wait = wait;
  }
}

/**
 * Gets one certificate (RFC 8555): account, order, challenges, certificate. The private key is new each time and leaves
 * this machine as little as the account's, which is kept in `folder`.
 *
 * @throws {AcmeError}
 */
export async function issue(config: AcmeConfig, folder: string, challenges: Challenges): Promise<KeyPair> {
  const acme = await load();
  const waiting = prepare(acme, config);
  try {
    // Before the account's key is read: with a key that somebody else laid there, our names would be theirs to certify.
    prepareFolder(folder);
    const directoryUrl = config.directory ?? LETS_ENCRYPT;
    const accountKey = await accountKeyOf(acme, folder, directoryUrl);
    const client = new acme.Client({
      directoryUrl,
      accountKey,
      backoffAttempts: 15,
      backoffMin: 1_000,
      backoffMax: 10_000,
    });
    await register(client, config);
    const key = await acme.crypto.createPrivateEcdsaKey('P-256');
    const { domains } = config;
    const [, csr] = await acme.crypto.createCsr({ commonName: domains[0] ?? '', altNames: [...domains] }, key);
    const wanted = config.challenge ?? 'http-01';
    const cert = await client.auto({
      csr,
      challengePriority: [wanted],
      // From here the public name may not even be reachable; the authority looks from outside.
      skipChallengeVerification: true,
      async challengeCreateFn(authz, challenge, keyAuthorization) {
        if (challenge.type !== wanted)
          throw new Error(`the authority offers no ${wanted} for ${authz.identifier.value}`);
        await challenges.show(authz.identifier.value, challenge.token, keyAuthorization, async () => {
          const [alpnKey, alpnCert] = await acme.crypto.createAlpnCertificate(authz, keyAuthorization);
          return { cert: alpnCert.toString(), key: alpnKey.toString() };
        });
      },
      async challengeRemoveFn(authz, challenge) {
        challenges.hide(authz.identifier.value, challenge.token);
      },
    });
    return { cert: cert.trim().concat('\n'), key: key.toString() };
  } catch (error) {
    throw new AcmeError(error instanceof Error ? error.message : String(error), waiting());
  }
}

async function register(client: Client, { email, termsOfServiceAgreed }: AcmeConfig): Promise<void> {
  const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
  try {
    await client.createAccount({ termsOfServiceAgreed, ...contact });
  } catch (error) {
    // The package updates an account that is there already, and authorities refuse an update that changes nothing. Then
    // the account is known by now; else this throws the reason.
    try {
      client.getAccountUrl();
    } catch {
      throw error;
    }
  }
}

async function load(): Promise<AcmeClient> {
  try {
    return await import('acme-client');
  } catch (error) {
    throw new SallyportError('config', 'tls.acme needs the package acme-client: npm install acme-client', {
      cause: error,
    });
  }
}

/** As the package has them, for what it never asks here. */
const SETTINGS = { httpChallengePort: 80, httpsChallengePort: 443, tlsAlpnChallengePort: 443, retryDefaultDelay: 5 };

/** @returns what the authority asked to wait, in milliseconds */
function prepare({ axios }: AcmeClient, { directoryCa }: AcmeConfig): () => number {
  // Its own retries wait for as long as a server says, and hold the process as long: schedule.ts waits instead.
  Object.assign(axios.defaults, { timeout: ANSWER_MS });
  Object.assign(axios.defaults, { acmeSettings: { ...SETTINGS, retryMaxAttempts: 0 } });
  axios.defaults.maxRedirects = 0;
  axios.defaults.maxContentLength = 1024 * 1024;
  if (directoryCa !== undefined) axios.defaults.httpsAgent = new Agent({ ca: readFileSync(directoryCa) });
  else delete axios.defaults.httpsAgent;
  if (!listening) {
    listening = true;
    axios.interceptors.response.use((response) => {
      if (response.status >= 400) asked = Math.max(asked, waitOf(String(response.headers['retry-after'] ?? '')));
      return response;
    });
  }
  asked = 0;
  return () => asked;
}

/** The package has one instance of axios for all its clients. */
let listening = false;
let asked = 0;

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3), at most a week. */
function waitOf(value: string): number {
  const found = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(found) ? Math.min(Math.max(found, 0), 7 * 86_400_000) : 0;
}

async function accountKeyOf(acme: AcmeClient, folder: string, directory: string): Promise<string> {
  const name = `${nameFor('acme', ['account'], directory)}.key`;
  try {
    const kept = readFileSync(`${folder}/${name}`, 'utf8');
    createPrivateKey(kept);
    return kept;
  } catch {
    // None yet, or none that can be used: a new account costs nothing, one without a key would fail for good.
    const made = (await acme.crypto.createPrivateEcdsaKey('P-256')).toString();
    keepFile(folder, name, made);
    return made;
  }
}
