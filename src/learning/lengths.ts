import type { Reading } from './rare.ts';
import { createVoices, FEW, type Sender, type Voices } from './voices.ts';

/** Who sent how long ones, by the room that is made for them. */
export type Rooms = Map<number, Voices>;

/** Texts and lists may become so much longer. */
const HEADROOM = 4;
/** Lengths for which so many times the room of the others is asked are another thing. */
const MUCH_LONGER = 10;

/** @param least room for anything */
export function noteLength(rooms: Rooms, length: number, least: number, { voice, session }: Sender): void {
  const room = roomFor(length, least);
  let by = rooms.get(room);
  if (by === undefined) {
    by = createVoices();
    rooms.set(room, by);
  }
  by.add(voice, session);
}

/** A power of ten times 1, 2 or 5. */
function roomFor(length: number, least: number): number {
  const wanted = HEADROOM * length;
  if (wanted <= least) return least;
  const unit = 10 ** Math.floor(Math.log10(wanted));
  return [1, 2, 5, 10].map((step) => step * unit).find((step) => step >= wanted) ?? wanted;
}

/**
 * Room for the longest, and where rare things are left out not for what is much longer than what a few voices sent.
 *
 * @param all sessions that sent any
 */
export function lengthOf(rooms: Rooms, all: number, at: string, { leavesOut, remarks, isFew }: Reading): number {
  const sizes = [...rooms.keys()].toSorted((a, b) => a - b);
  const longest = sizes.at(-1) ?? 0;
  const usual = sizes.find((room) => isFew(beyond(rooms, room).sessions, all)) ?? longest;
  const common = sizes.find((room) => beyond(rooms, room).first.length < FEW) ?? longest;
  const room = leavesOut ? (sizes.findLast((size) => size <= MUCH_LONGER * common) ?? longest) : longest;
  const left = beyond(rooms, room);
  if (left.sessions > 0) remarks.leftOut(`${at} of great length`, left);
  if (room > MUCH_LONGER * usual) remarks.taken(`${at} of great length`, beyond(rooms, usual).sessions - left.sessions);
  return room;
}

/** Who sent longer ones than some room is for. */
function beyond(rooms: Rooms, room: number): Pick<Voices, 'first' | 'sessions'> {
  const all = [...rooms].flatMap(([size, by]) => (size > room ? [by] : []));
  return {
    first: [...new Set(all.flatMap(({ first }) => first))],
    sessions: all.reduce((sum, { sessions }) => sum + sessions, 0),
  };
}
