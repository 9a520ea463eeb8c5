import { useEffect, useRef, useState } from 'react';

export interface Line {
  key: number;
  text: string;
  at: string;
}

const KEPT = 50;

/** The chat: what was said since this page opened, how many are here, and a function that says something. */
export function useChat(): { lines: Line[]; present: number; say: (text: string) => void } {
  const [lines, setLines] = useState<Line[]>([]);
  const [present, setPresent] = useState(0);
  const socket = useRef<WebSocket | null>(null);

  useEffect(() => {
    let closed = false;
    let timer = 0;
    let key = 0;
    const connect = () => {
      const current = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/chat`);
      socket.current = current;
      current.onmessage = (event) => {
        const message = JSON.parse(event.data);
        if (message.kind === 'present') setPresent(message.count);
        if (message.kind === 'said') {
          setLines((before) => [...before, { key: key++, text: message.text, at: message.at }].slice(-KEPT));
        }
      };
      current.onclose = () => {
        setPresent(0);
        if (!closed) timer = window.setTimeout(connect, 2000);
      };
    };
    connect();
    return () => {
      closed = true;
      window.clearTimeout(timer);
      socket.current?.close();
    };
  }, []);

  const say = (text: string) => {
    if (socket.current?.readyState === WebSocket.OPEN) socket.current.send(text);
  };
  return { lines, present, say };
}
