import { ConfigProblems } from '../config/index.ts';
import { StoreUnavailable } from '../store/index.ts';

/** A mistake of the person at the keyboard, in a sentence that says what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

interface SystemError {
  readonly code?: string;
  readonly port?: number;
  readonly address?: string;
  readonly path?: string;
}

/** One clear line for what went wrong; the stack only where it is our own mistake and `DEBUG` asks for it. */
export function explain(error: unknown): string {
  if (error instanceof ConfigProblems) return error.message;
  if (error instanceof UserError || error instanceof StoreUnavailable) return `gatehouse: ${error.message}`;
  const { code, port, address, path } = error as SystemError;
  if (code === 'EADDRINUSE') {
    return `gatehouse: port ${port ?? 0} is in use; stop what uses it, or choose another port (see --help)`;
  }
  if (code === 'EACCES' && port !== undefined)
    return `gatehouse: may not listen on port ${port}; choose one above 1023`;
  if (code === 'EADDRNOTAVAIL') return `gatehouse: ${address ?? 'that'} is not an address of this machine`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `gatehouse: may not write ${path ?? 'its files'}`;
  const message = error instanceof Error ? error.message : String(error);
  return process.env['DEBUG'] && error instanceof Error ? String(error.stack) : `gatehouse: ${message}`;
}
