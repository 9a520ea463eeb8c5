import { revalidatePath } from 'next/cache';
import { addPost, posts } from './posts.js';
import { Posts } from './posts-list.jsx';

// Rendered for each request: what no shared cache may keep.
export const dynamic = 'force-dynamic';

async function add(form) {
  'use server';
  addPost(String(form.get('title')));
  revalidatePath('/');
}

export default function Page() {
  return (
    <main>
      <h1>Posts</h1>
      <p id="rendered">{posts.length} posts when this was rendered</p>
      <Posts />
      <form action={add}>
        <input name="title" aria-label="Title" />
        <button type="submit" id="act">
          Add by server action
        </button>
      </form>
    </main>
  );
}
