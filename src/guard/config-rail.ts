/** When the guard rail takes a change back. */
export interface GuardRailConfig {
  /** Of the networks with sessions from before the change, at least this share. Default `'10%'`. */
  share?: string;
  /** And at least so many networks. Default 5. */
  networks?: number;
}

/** Who is told by the gate itself. */
export interface AlertsConfig {
  /** Gets a POST with JSON. Its address may hold a secret: it is shown nowhere. */
  webhook: string;
}
