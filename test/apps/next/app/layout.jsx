import Link from 'next/link';

export const metadata = { title: 'Posts' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          <Link href="/">Posts</Link> <Link href="/about">About</Link> <Link href="/late">Late</Link>
        </nav>
        {children}
      </body>
    </html>
  );
}
