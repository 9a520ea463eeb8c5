import type { Client } from 'pg';
import type { Watch } from '../records/backend.ts';

export const CHANNEL = 'sallyport_changes';

/** Looks as well where no word comes: a pooler in between may swallow it, or the connection be gone unnoticed. */
const LOOK_MS = 2000;
const RETRY_MS = 1000;

/** Looks whenever the server says that something changed, and every two seconds besides. */
export function listen(createClient: () => Client, look: () => Promise<void>): Watch {
  let closed = false;
  let client: Client | null = null;
  let retry: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const mine = createClient();
    client = mine;
    const lost = (): void => {
      if (client !== mine) return;
      client = null;
      void mine.end().catch(() => {});
      if (!closed) retry = setTimeout(() => void connect(), RETRY_MS).unref();
    };
    mine.on('error', lost);
    mine.on('end', lost);
    mine.on('notification', () => void look());
    try {
      await mine.connect();
      await mine.query(`listen ${CHANNEL}`);
      await look();
    } catch {
      lost();
    }
  };

  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  const connecting = connect();

  return {
    async close() {
      closed = true;
      clearInterval(timer);
      clearTimeout(retry);
      await connecting;
      const last = client;
      client = null;
      await last?.end().catch(() => {});
    },
  };
}
