import { noteLength, type Rooms } from './lengths.ts';
import type { Shape } from './shape.ts';
import { createVoices, FEW, type Sender, type Voices } from './voices.ts';

/** What stands at one place of a route's bodies. */
export interface Seen {
  readonly types: Map<Shape['type'], SeenType>;
  readonly fields: Map<string, Field>;
  items: Seen | null;
  /** Whether there was no room for some of its fields. */
  isCrowded: boolean;
}

export interface SeenType {
  readonly by: Voices;
  bodies: number;
  /** Of texts and lists. */
  readonly rooms: Rooms;
}

export interface Field {
  readonly seen: Seen;
  /** Those that sent the object without it. */
  readonly without: Voices;
}

export interface SeenTree {
  readonly root: Seen;
  add(shape: Shape, sender: Sender): void;
}

/** Places of one route, and what one voice may add of them before others have used it. */
const MOST_PLACES = 1000;
const MOST_OF_ONE = 300;
const MOST_VOICES = 10_000;
const DEEPEST = 8;
/** Texts and lists may be at least so long. */
const LEAST_LENGTH = 1000;
const LEAST_ITEMS = 100;

export function createSeenTree(): SeenTree {
  const root = newSeen();
  const added = new Map<string, number>();
  let places = 1;

  const makeField = (object: Seen, name: string, voice: string): Field | null => {
    const own = added.get(voice) ?? 0;
    // Of one voice alone nothing would be believed: what it cannot add is not missed.
    if (own >= MOST_OF_ONE) return null;
    if (places >= MOST_PLACES) places = prune(root);
    if (places >= MOST_PLACES || (added.size >= MOST_VOICES && own === 0)) {
      object.isCrowded = true;
      return null;
    }
    added.set(voice, own + 1);
    places += 1;
    const before = object.types.get('object');
    const field = { seen: newSeen(), without: before === undefined ? createVoices() : before.by.copy() };
    object.fields.set(name, field);
    return field;
  };
  const add = (seen: Seen, shape: Shape, sender: Sender, depth: number): void => {
    if (shape.type === 'object' && depth < DEEPEST) addFields(seen, shape.fields, sender, depth);
    let type = seen.types.get(shape.type);
    if (type === undefined) {
      type = { by: createVoices(), bodies: 0, rooms: new Map() };
      seen.types.set(shape.type, type);
    }
    type.bodies += 1;
    type.by.add(sender.voice, sender.session);
    if ('length' in shape)
      noteLength(type.rooms, shape.length, shape.type === 'array' ? LEAST_ITEMS : LEAST_LENGTH, sender);
    if (shape.type !== 'array' || depth >= DEEPEST) return;
    for (const item of shape.items) {
      seen.items ??= newSeen();
      add(seen.items, item, sender, depth + 1);
    }
  };
  const addFields = (object: Seen, shapes: Readonly<Record<string, Shape>>, sender: Sender, depth: number): void => {
    for (const [name, shape] of Object.entries(shapes)) {
      const field = object.fields.get(name) ?? makeField(object, name, sender.voice);
      if (field !== null) add(field.seen, shape, sender, depth + 1);
    }
    for (const [name, { without }] of object.fields)
      if (!Object.hasOwn(shapes, name)) without.add(sender.voice, sender.session);
  };
  return { root, add: (shape, sender) => add(root, shape, sender, 0) };
}

const newSeen = (): Seen => ({ types: new Map(), fields: new Map(), items: null, isCrowded: false });

/** Takes out fields that one voice alone has sent. Answers with the places that are left. */
function prune(seen: Seen): number {
  let places = 1;
  for (const [name, field] of seen.fields) {
    if (voicesAt(field.seen).length > 1) places += prune(field.seen);
    else {
      seen.fields.delete(name);
      seen.isCrowded = true;
    }
  }
  return places + (seen.items === null ? 0 : prune(seen.items));
}

/** The first few voices that had anything at a place. */
export const voicesAt = ({ types }: Seen): readonly string[] =>
  [...new Set([...types.values()].flatMap(({ by }) => by.first))].slice(0, FEW);
