import { type Context, targetOf, wrap } from './context.ts';
import { hasFiles } from './payload.ts';

/** Covers `navigator.sendBeacon`, as a keepalive fetch with a proof; at once where policy takes the synchronous key. */
export function wrapBeacon(context: Context): void {
  if (!self.Navigator) return;
  wrap<[url: string | URL, data?: BodyInit | null], boolean>(
    Navigator.prototype,
    'sendBeacon',
    (native, owner, args) => {
      const [address, data = null] = args;
      const target = targetOf(context, 'POST', address);
      // Nothing to sign with, and no time to get it: the server decides.
      if (!target || (context.hiding && !context.door.current())) return native(owner, args);
      try {
        const form = hasFiles(data) ? [...data] : undefined;
        const request = new Request(target.url, {
          method: 'POST',
          keepalive: true,
          credentials: 'include',
          body: form ? null : data,
        });
        const { byteLength, size, length } = Object(data);
        // Most bytes that browsers take for calls that outlive their page (Fetch §4.6).
        if ((byteLength ?? size ?? length) > 65_536) return false;
        (
          context.sync?.keepaliveNow(context, target, request, data) ?? context.call(target, request, form ?? data)
        ).catch(() => {});
        return true;
      } catch {
        return native(owner, args);
      }
    },
  );
}
