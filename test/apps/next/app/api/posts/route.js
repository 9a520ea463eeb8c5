import { addPost, posts } from '../../posts.js';

export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json(posts);
}

export async function POST(request) {
  const { title } = await request.json();
  return Response.json(addPost(String(title)), { status: 201 });
}
