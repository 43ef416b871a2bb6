/** One event of a `text/event-stream`, and when it came. */
export interface ReadEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** `performance.now()` */
  readonly at: number;
}

/** An open stream of events. */
export interface EventReader {
  readonly response: Response;
  readonly events: readonly ReadEvent[];
  /** Those of this name. */
  named(event: string): readonly ReadEvent[];
  /** Resolves when the server, or somebody on the way, has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens a stream; with any other answer than 200 there are no events. */
export async function readEvents(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventReader> {
  const aborting = new AbortController();
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: aborting.signal,
  });
  const events: ReadEvent[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) events.push(eventIn(block));
    }
  };
  const ended = response.status === 200 ? read().catch(() => undefined) : Promise.resolve();
  return {
    response,
    events,
    ended,
    named: (event) => events.filter((one) => one.event === event),
    close: () => aborting.abort(),
  };
}

function eventIn(block: string): ReadEvent {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const id = fields.get('id');
  return {
    event: fields.get('event') ?? '',
    ...(id === undefined ? {} : { id }),
    data: JSON.parse(fields.get('data') ?? '{}'),
    at: performance.now(),
  };
}
