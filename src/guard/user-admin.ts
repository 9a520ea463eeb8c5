/** What administration may ask about the people of a gate. Names are user names, or `source:id` as records call them. */
export interface UserAdmin {
  /** Accounts in order of their names, with what strangers' failures and people decided about them. */
  list(offset: number, limit: number): Promise<readonly UserFacts[]>;
  /** Makes an account; its password is set by the link. Rejects with {@link UserRefusal}. */
  add(
    user: { readonly name: string; readonly email: string; readonly roles: readonly string[] },
    origin: string,
  ): Promise<UserLink>;
  /** Of providers: whom administration keeps out now. */
  blockedElsewhere(): Promise<readonly BlockedPerson[]>;
  /** Gives the person these roles in place of all before: in force at once, without a new login. */
  setRoles(name: string, roles: readonly string[]): Promise<UserRoles>;
  /** Nobody logs in as this person any more, and every login and token ends. `seconds`: 0 until it is lifted. */
  block(name: string, reason: string, seconds: number): Promise<UserEnded>;
  /** Lifts a block by hand, one by strangers' failures, and every wait. */
  unblock(name: string): Promise<UserEnded>;
  remove(name: string): Promise<UserEnded>;
  /** A link by which the person sets a new password, good for a day. A secret. */
  resetLink(name: string, origin: string): Promise<UserLink>;
  /** Takes the second factor away, for who has lost the phone and the backup codes; every login and token ends. */
  resetSecondFactor(name: string): Promise<UserEnded>;
  /** Ends every login and token. */
  endSessions(name: string): Promise<UserEnded>;
}

export interface UserFacts {
  /** `source:id`. */
  readonly ref: string;
  readonly name: string;
  /** '' where none is known. */
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly secondFactor: boolean;
  readonly passkeys: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly blocked: boolean;
  /** Why, and by whom; '' where not blocked. */
  readonly reason: string;
  /** Milliseconds since 1970 until strangers may try again; 0 for now. */
  readonly guardedUntil: number;
}

export interface BlockedPerson {
  /** `source:id`. */
  readonly ref: string;
  /** Why, and by whom. */
  readonly reason: string;
  /** Milliseconds since 1970; 0 until it is lifted. */
  readonly until: number;
}

export interface UserLink {
  readonly ref: string;
  readonly name: string;
  readonly link: string;
}

export interface UserRoles {
  readonly ref: string;
  /** Those of before. */
  readonly before: readonly string[];
  readonly roles: readonly string[];
  /** Logins that have the new ones from now on. */
  readonly logins: number;
}

export interface UserEnded {
  readonly ref: string;
  /** Logins that ended. */
  readonly logins: number;
}

/** What was asked cannot be done, and why: for the person who asked. */
export class UserRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UserRefusal';
  }
}
