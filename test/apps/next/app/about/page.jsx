import { Greeting } from './greeting.jsx';

// Rendered once, at build time: what every cache may keep.
export default function About() {
  return (
    <main>
      <h1>About</h1>
      <Greeting />
    </main>
  );
}
