/**
 * A Cache-Control for one person's browser alone: with `private`, and without what speaks to shared caches (RFC 9111
 * §5.2.2). `no-store` stays as it is. `private="field"` speaks of single fields and does not count.
 */
export function toPrivate(cacheControl: string): string {
  const directives = cacheControl.split(',').map((directive) => directive.trim());
  const names = directives.map((directive) => directive.toLowerCase());
  if (names.includes('private') || names.includes('no-store')) return cacheControl;
  const kept = directives.filter((directive) => directive !== '' && !/^(?:public$|s-maxage\s*=)/i.test(directive));
  return ['private', ...kept].join(', ');
}

/** Fields by which shared caches alone are told to keep an answer (RFC 9213; Edge Architecture). */
export function isForSharedCaches(lowerName: string): boolean {
  return lowerName.endsWith('cdn-cache-control') || lowerName === 'surrogate-control';
}
