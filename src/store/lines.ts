const NEWLINE = 0x0a;
/** A row is some kilobytes; what is longer than this without an end is nothing of ours. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Splits bytes into lines without their ends. @throws RangeError when one has more than 64 MiB */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE)) {
      yield Buffer.concat([...rest, bytes.subarray(0, end)]);
      rest = [];
      restBytes = 0;
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.byteLength === 0) continue;
    restBytes += bytes.byteLength;
    if (restBytes > MAX_LINE_BYTES) throw new RangeError('a line is too long');
    rest.push(Buffer.from(bytes));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}
