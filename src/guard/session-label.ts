/**
 * The second half of a session's id, 11 characters: what people, records and logs call the session. State knows it by the
 * first half, and neither leads to the other. '' of ''.
 */
export const labelOf = (session: string): string => session.slice(-11);
