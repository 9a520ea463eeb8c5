/**
 * Whether a host name leads to the machine that asks, as browsers see it (Secure Contexts §3.1): `localhost` and names
 * under it, 127.0.0.0/8, `[::1]`. Takes what `URL.hostname` prints.
 */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}

/** The host of an authority, without its port. */
export function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, '');
}
