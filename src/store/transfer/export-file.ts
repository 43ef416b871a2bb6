import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';

import type { Row } from '../driver.ts';
import { linesOf } from '../lines.ts';
import type { KeyRing } from '../key-ring.ts';
import { SealBroken, createExchangeableKeys, type KeyMaterial, type StoreKeys } from '../sealing.ts';

const FORMAT = 'gatehouse-store';
const VERSION = 1;
const BATCH_ROWS = 500;
const CHUNK_BYTES = 256 * 1024;

/** The first line. After it one row a line, as JSON; last `{rows, mac}`. */
export interface ExportHeader {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** Milliseconds since 1970. */
  readonly made: number;
  /** Of the store it was made from; `null`: no server had used it. */
  readonly epoch: string | null;
  /** The store was closed first: nothing was written to it after this. */
  readonly final: boolean;
  readonly driver: string;
  /** The keys that seal the rows, under the store secrets. */
  readonly ring: string;
}

/** The file cannot be written, or not be imported into this store: with what is wrong and what to do. Nothing has changed. */
export class TransferRefused extends Error {
  override readonly name = 'TransferRefused';
}

/** What goes into a file. */
export interface ExportContent {
  readonly about: Pick<ExportHeader, 'made' | 'epoch' | 'final' | 'driver'>;
  readonly batches: AsyncIterable<readonly Row[]>;
}

/**
 * Writes an export: readable by its owner only, and under its name only when it is whole.
 *
 * @param begin called once it is known that the file can be written
 * @returns how many rows it has
 * @throws TransferRefused when it cannot
 */
export async function writeExport(
  file: string,
  { keys, record }: Pick<KeyRing, 'keys' | 'record'>,
  begin: () => Promise<ExportContent>,
): Promise<number> {
  if (existsSync(file))
    throw new TransferRefused(`cannot write ${file}: it is there already; choose another name`);
  const part = `${file}.part`;
  const handle = await openNew(part).catch((cause: unknown) => {
    throw new TransferRefused(`cannot write ${file}: ${reasonOf(cause)}`, { cause });
  });
  try {
    const { about, batches } = await begin();
    const hash = createHash('sha256');
    const write = async (lines: readonly unknown[]): Promise<void> => {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      hash.update(text);
      await handle.write(text);
    };
    const { made, epoch, final, driver } = about;
    const fixed = { format: FORMAT, version: VERSION } as const;
    const ring = Buffer.from(await record()).toString('base64');
    await write([{ ...fixed, made, epoch, final, driver, ring } satisfies ExportHeader]);
    let rows = 0;
    for await (const batch of batches) {
      await write(batch.map(toLine));
      rows += batch.length;
    }
    await handle.write(`${JSON.stringify({ rows, mac: macOf(keys, hash) })}\n`);
    await handle.sync();
    await handle.close();
    await rename(part, file);
    return rows;
  } catch (error) {
    await handle.close();
    await rm(part, { force: true });
    throw error;
  }
}

async function openNew(part: string): Promise<FileHandle> {
  await rm(part, { force: true });
  return open(part, 'wx', 0o600);
}

/** An export that was read to its end once, and is what was written under this store secret. */
export interface VerifiedExport {
  readonly header: ExportHeader;
  readonly rows: number;
  /** What the rows are sealed under. */
  readonly material: KeyMaterial;
  /** Reads it again. @throws TransferRefused when it has changed meanwhile */
  batches(): AsyncGenerator<readonly Row[]>;
  close(): Promise<void>;
}

/** Opens an export and reads all of it. @throws TransferRefused */
export async function openExport(file: string, ring: Pick<KeyRing, 'read'>): Promise<VerifiedExport> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new TransferRefused(`cannot read ${file}: ${reasonOf(cause)}`, { cause });
  });
  try {
    const header = await headerOf(handle, file);
    const material = materialOf(header, file, ring);
    const keys = createExchangeableKeys(material);
    let rows = 0;
    for await (const batch of readRows(handle, file, keys)) rows += batch.length;
    return {
      header,
      rows,
      material,
      batches: () => readRows(handle, file, keys),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function headerOf(handle: FileHandle, file: string): Promise<ExportHeader> {
  for await (const line of linesIn(handle, file)) {
    const header = parsed(line) as Partial<ExportHeader> | undefined;
    if (header?.format !== FORMAT) break;
    if (header.version !== VERSION)
      throw new TransferRefused(
        `${file} is of version ${String(header.version)}; this gatehouse reads ${VERSION}`,
      );
    // What it says of itself is under the MAC, which is looked at before it is used.
    return header as ExportHeader;
  }
  throw new TransferRefused(`${file} is not an export of gatehouse`);
}

function materialOf({ ring: written }: ExportHeader, file: string, ring: Pick<KeyRing, 'read'>): KeyMaterial {
  try {
    const material = ring.read(Buffer.from(written, 'base64'));
    if (material) return material;
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
  }
  throw new TransferRefused(`${file} was made under another store secret (secrets.store); use that one`);
}

async function* readRows(handle: FileHandle, file: string, keys: StoreKeys): AsyncGenerator<readonly Row[]> {
  const hash = createHash('sha256');
  let waiting: Buffer | undefined;
  let batch: Row[] = [];
  let rows = -1;
  for await (const line of linesIn(handle, file)) {
    // A line is a row once another follows: the last is the trailer.
    if (waiting) {
      hash.update(waiting).update('\n');
      if (rows >= 0) batch.push(fromLine(waiting, file));
      rows += 1;
      if (batch.length === BATCH_ROWS) {
        yield batch;
        batch = [];
      }
    }
    waiting = line;
  }
  if (batch.length > 0) yield batch;
  const trailer = parsed(waiting) as { readonly rows?: unknown; readonly mac?: unknown } | undefined;
  if (typeof trailer?.mac !== 'string')
    throw new TransferRefused(`${file} is cut off: its last line is missing; copy it again`);
  if (trailer.rows !== rows || trailer.mac !== macOf(keys, hash))
    throw new TransferRefused(`${file} is not what was exported: it was edited or damaged; copy it again`);
}

async function* linesIn(handle: FileHandle, file: string): AsyncGenerator<Buffer> {
  try {
    yield* linesOf(chunksOf(handle));
  } catch (cause) {
    throw new TransferRefused(`cannot read ${file}: ${reasonOf(cause)}`, { cause });
  }
}

/** From its beginning, as often as it is asked for; a stream would close the file. */
async function* chunksOf(handle: FileHandle): AsyncGenerator<Buffer> {
  let position = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function toLine(row: Row): unknown {
  return 'key' in row ? { ...row, value: Buffer.from(row.value).toString('base64') } : row;
}

function fromLine(line: Buffer, file: string): Row {
  const row = parsed(line) as Record<string, unknown> | undefined;
  const { key, value, index, member, expiresMs, expiresAt } = row ?? {};
  if (typeof key === 'string' && typeof value === 'string')
    return {
      key,
      value: Buffer.from(value, 'base64'),
      ...(typeof expiresMs === 'number' ? { expiresMs } : {}),
    };
  if (typeof index === 'string' && typeof member === 'string')
    return { index, member, ...(typeof expiresAt === 'number' ? { expiresAt } : {}) };
  throw new TransferRefused(`${file} is not what was exported: it was edited or damaged; copy it again`);
}

function parsed(line: Buffer | undefined): unknown {
  try {
    const value: unknown = line && JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function macOf(keys: StoreKeys, hash: Hash): string {
  return keys.keyedHash('store-export', hash.digest('base64url'));
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
