import type { Server } from 'node:http';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

/** A small chat over WebSocket at `/api/chat`: tells everybody what is said and how many are here. */
export function chat(server: Server): WebSocketServer {
  const sockets = new WebSocketServer({ server, path: '/api/chat', maxPayload: 16 * 1024 });
  const tellAll = (message: object): void => {
    for (const socket of sockets.clients) socket.send(JSON.stringify(message));
  };
  const present = (): void => tellAll({ kind: 'present', count: sockets.clients.size });
  sockets.on('connection', (socket: WebSocket) => {
    socket.on('message', (data: RawData) => {
      const text = data.toString().trim().slice(0, 500);
      if (text !== '') tellAll({ kind: 'said', text, at: new Date().toISOString() });
    });
    socket.on('close', present);
    socket.on('error', () => socket.terminate());
    present();
  });
  return sockets;
}
