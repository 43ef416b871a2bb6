/** One event of the feed. */
export interface StreamEvent {
  readonly event: string;
  readonly id?: string;
  /** One line of JSON. */
  readonly data: string;
}

/** Ours have some dozen characters. */
const MOST_WAITING = 16 * 1024;

/**
 * Reads `text/event-stream` (HTML, "Server-sent events") as far as the feed uses it.
 *
 * @throws RangeError when an event does not end
 */
export async function* eventsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      yield eventIn(rest.slice(0, end));
      rest = rest.slice(end + 2);
    }
    if (rest.length > MOST_WAITING) throw new RangeError('an event does not end');
  }
}

function eventIn(block: string): StreamEvent {
  let [event, data, id]: [string, string, string | undefined] = ['message', '', undefined];
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name === 'event') event = value;
    if (name === 'data') data = value;
    if (name === 'id') id = value;
  }
  return { event, data, ...(id === undefined ? {} : { id }) };
}
