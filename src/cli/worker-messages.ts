import type { Health } from '../http/index.ts';

/** What a worker tells whoever started it. */
export type FromWorker =
  | { readonly gatehouse: 'ready'; readonly port: number }
  | { readonly gatehouse: 'health'; readonly health: Health };

/** What a worker is told. `stop`: end what is under way, and go. */
export type ToWorker = { readonly gatehouse: 'health' } | { readonly gatehouse: 'stop' };

/** Others use the same channel: Node, and those who count. */
export function isOurs(message: unknown): message is FromWorker | ToWorker {
  return typeof message === 'object' && message !== null && 'gatehouse' in message;
}
