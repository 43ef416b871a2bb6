import {
  askClient,
  keepSeconds,
  readKeySet,
  reasonOfAsking,
  type AskParts,
  type PublicKey,
} from '../clients/index.ts';

export type FetchedKeySet =
  | { readonly ok: true; readonly keys: readonly PublicKey[]; readonly keepSeconds: number }
  | {
      readonly ok: false;
      readonly problem: 'unavailable' | 'private-key';
      /** For the operator. */
      readonly reason: string;
    };

/** Fetches one key set, within the limits of {@link askClient}: 2.5 s in all, 64 KiB (CLI-16, CLI-21). */
export async function fetchKeySet(location: string, parts: AskParts): Promise<FetchedKeySet> {
  const unavailable = (reason: string): FetchedKeySet => ({ ok: false, problem: 'unavailable', reason });
  try {
    const { status, headers, text } = await askClient(location, { accept: 'application/json' }, parts);
    if (status !== 200) return unavailable(`it answered ${status}`);
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') return unavailable(`it came as ${encoding}, which was not asked for`);
    const read = readKeySet(text);
    if (read.ok) return { ...read, keepSeconds: keepSeconds(headers['cache-control'], headers.age) };
    if (read.problem !== 'private-key') return unavailable(`what it answered is ${read.problem}`);
    return {
      ok: false,
      problem: 'private-key',
      reason: 'it shows a private key; the client must replace it',
    };
  } catch (error) {
    return unavailable(reasonOfAsking(error));
  }
}
