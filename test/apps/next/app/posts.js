// On the process: Next bundles pages and route handlers apart, and each has modules of its own.
globalThis.posts ??= [{ id: 1, title: 'First light' }];

export const posts = globalThis.posts;

export function addPost(title) {
  const post = { id: posts.length + 1, title };
  posts.push(post);
  return post;
}
