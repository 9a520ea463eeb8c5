import type { Family } from '../lib/agent.ts';

/** The browser sessions of a gate, for who runs it. */
export interface SessionDesk {
  /** Sessions that entered since the gate started, latest seen first; the latest 10,000. */
  list(): readonly SessionFacts[];
  /** Ends one: its cookie, tickets and login open nothing from now on. Null where none of this label is known. */
  revoke(label: string): Promise<SessionFacts | null>;
  /** Ends all that are known; answers how many. */
  revokeAll(): Promise<number>;
}

export interface SessionFacts {
  /** What logs and records call it, 11 characters; nothing is looked up by it from outside. */
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly lastSeen: number;
  /** Client whose page entered last. */
  readonly client: string;
  /** `source:id`; '' while nobody is logged in. */
  readonly subject: string;
  /** As the browser says itself. */
  readonly family: Family;
  /** Network prefix that it came from last. */
  readonly prefix: string;
}
