import { EventEmitter } from 'node:events';

export interface Post {
  readonly id: number;
  readonly title: string;
  readonly text: string;
  readonly created: string;
  /** Counts up whenever the picture is replaced, so that its address changes with it. */
  readonly imageVersion: number;
}

export interface Image {
  readonly type: string;
  readonly bytes: Buffer;
}

export interface Change {
  readonly kind: 'created' | 'changed' | 'deleted';
  readonly post: Post;
}

/** Posts and their pictures, in memory. Emits `change` with a {@link Change}. */
export class Posts extends EventEmitter<{ change: [Change] }> {
  readonly #posts = new Map<number, Post>();
  readonly #images = new Map<number, Image>();
  #next = 1;

  list(): Post[] {
    return [...this.#posts.values()].reverse();
  }

  find(id: number): Post | null {
    return this.#posts.get(id) ?? null;
  }

  create(title: string, text: string): Post {
    const post = { id: this.#next++, title, text, created: new Date().toISOString(), imageVersion: 0 };
    this.#posts.set(post.id, post);
    this.emit('change', { kind: 'created', post });
    return post;
  }

  delete(id: number): boolean {
    const post = this.#posts.get(id);
    if (post === undefined) return false;
    this.#posts.delete(id);
    this.#images.delete(id);
    this.emit('change', { kind: 'deleted', post });
    return true;
  }

  setImage(id: number, image: Image): Post | null {
    const before = this.#posts.get(id);
    if (before === undefined) return null;
    const post = { ...before, imageVersion: before.imageVersion + 1 };
    this.#posts.set(id, post);
    this.#images.set(id, image);
    this.emit('change', { kind: 'changed', post });
    return post;
  }

  image(id: number): Image | null {
    const post = this.#posts.get(id);
    return post === undefined ? null : (this.#images.get(id) ?? drawing(post));
  }
}

// A quiet gradient for posts without a picture of their own.
function drawing(post: Post): Image {
  const hue = (post.id * 67) % 360;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200" viewBox="0 0 320 200">
<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${hue} 45% 78%)"/><stop offset="1" stop-color="hsl(${(hue + 50) % 360} 50% 62%)"/></linearGradient></defs>
<rect width="320" height="200" fill="url(#g)"/><circle cx="${60 + ((post.id * 53) % 200)}" cy="92" r="54" fill="#fff" fill-opacity=".35"/>
<path d="M0 170 Q 80 ${120 + ((post.id * 17) % 40)} 160 160 T 320 150 V200 H0Z" fill="#fff" fill-opacity=".45"/></svg>`;
  return { type: 'image/svg+xml', bytes: Buffer.from(svg) };
}

export function seed(posts: Posts): void {
  posts.create('A bench by the river', 'Two planks and a view. Sit down, the water has time.');
  posts.create('Bread on Sundays', 'Flour, water, salt and a night of patience. The rest is heat.');
  posts.create('The long way home', 'Past the orchard, over the small bridge, and not a minute sooner than needed.');
}
