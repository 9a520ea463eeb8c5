import { createBuildReader } from '../../wire/build.ts';
import { sealedFetch as sealHere } from '../chunks/sealed.ts';
import { rebuild } from '../fetch.ts';
import { namesOf } from './proof.ts';

/** What is sealed shows nowhere, and is in the protocol's own words. */
export const sealedFetch: typeof sealHere = (context, entry, request, route) => {
  const names = namesOf(context.door);
  const headers = new Headers(request.headers);
  const read = createBuildReader(names);
  const proof = read(headers.get(names.input) ?? '', headers.get(names.signature) ?? '');
  if (!proof) return sealHere(context, entry, request, route);
  headers.delete(names.input);
  headers.delete(names.signature);
  headers.set('signature-input', proof.input);
  headers.set('signature', proof.signature);
  return sealHere(context, entry, rebuild(request, headers, undefined), route);
};
