import type { ServerResponse } from 'node:http';

/** A reader that is so much behind is cut: it has not been told in time anyway. */
const MOST_WAITING_BYTES = 64 * 1024;

/** One answer of the type `text/event-stream` (HTML, "Server-sent events"). */
export interface EventStream {
  /** @param data one line of JSON */
  send(event: string, data: object, id?: string): void;
  end(): void;
}

/**
 * Begins the answer. Nothing may keep it or hold it up on its way: not a cache, not a proxy that collects before it sends.
 *
 * @param onClose called once, whoever ended it
 */
export function openEventStream(response: ServerResponse, onClose: (why: string) => void): EventStream {
  let why = 'reader';
  response.socket?.setNoDelay(true);
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  response.on('error', () => undefined);
  response.on('close', () => onClose(why));
  return {
    send(event, data, id) {
      if (response.writableEnded || response.destroyed) return;
      const cursor = id === undefined ? '' : `id: ${id}\n`;
      response.write(`event: ${event}\n${cursor}data: ${JSON.stringify(data)}\n\n`);
      if (response.writableLength <= MOST_WAITING_BYTES) return;
      why = 'slow';
      response.destroy();
    },
    end() {
      why = 'server';
      response.end();
    },
  };
}
