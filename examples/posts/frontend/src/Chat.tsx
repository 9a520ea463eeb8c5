import { type FormEvent, useState } from 'react';
import type { Line } from './useChat.ts';

const hour = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

interface Props {
  lines: Line[];
  connected: boolean;
  say: (text: string) => void;
}

export function Chat({ lines, connected, say }: Props) {
  const [text, setText] = useState('');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    say(text);
    setText('');
  };

  return (
    <aside className="card chat" aria-labelledby="chat-title">
      <h2 id="chat-title">Chat</h2>
      <ol className="lines" aria-live="polite">
        {lines.map((line) => (
          <li key={line.key}>
            <time dateTime={line.at}>{hour.format(new Date(line.at))}</time> {line.text}
          </li>
        ))}
      </ol>
      {lines.length === 0 && <p className="empty">Open this page twice and say something.</p>}
      <form className="row" onSubmit={submit}>
        <input
          name="message"
          aria-label="Message"
          placeholder="Say something"
          value={text}
          onChange={(event) => setText(event.target.value)}
          maxLength={500}
          required
        />
        <button type="submit" disabled={!connected}>
          Send
        </button>
      </form>
    </aside>
  );
}
