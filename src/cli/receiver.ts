import type { SetAside, Track } from '../push/index.ts';
import { table } from './table.ts';

/** How one receiver is shown: what waits for it, what was set aside, and what is wrong. */
export interface ShownReceiver<Item> {
  readonly id: string;
  readonly where: string;
  readonly track: Track<Item>;
  readonly waiting: string;
  /** ISO 8601, of the first that waits. */
  readonly oldest?: string | undefined;
  /** Headings of what `cellsOf` says, between when and why. */
  readonly headings: readonly string[];
  readonly cellsOf: (item: Item) => readonly string[];
  readonly whenTaken: string;
}

/** Prints how far one receiver is. */
export async function showReceiver<Item>({ track, ...shown }: ShownReceiver<Item>): Promise<void> {
  const [aside, again, trouble] = await Promise.all([track.aside(), track.askedAgain(), track.trouble()]);
  const lines = [
    `${shown.id}  ${shown.where}`,
    `waiting    ${shown.waiting}${shown.oldest === undefined ? '' : `, the oldest since ${shown.oldest}`}`,
    ...(again.length > 0 ? [`again      ${again.length}, to be sent once more`] : []),
    `set aside  ${aside.length}`,
    ...(trouble ? [`trouble    since ${trouble.since}: ${trouble.reason}`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (aside.length > 0) process.stdout.write(asideOf(aside, shown));
}

function asideOf<Item>(
  aside: readonly SetAside<Item>[],
  { headings, cellsOf, whenTaken }: Omit<ShownReceiver<Item>, 'track'>,
): string {
  const rows = aside.map(({ record, status, reason, at }) => [
    ...[at.slice(0, 19), ...cellsOf(record), String(status), reason],
  ]);
  return `\n${table(['SET ASIDE', ...headings, 'STATUS', 'WHY'], rows)}${whenTaken}\n`;
}

/** Has what was set aside sent once more. @param what is counted: `record(s)` */
export async function sendAsideAgain(
  id: string,
  track: Pick<Track<unknown>, 'askAgain'>,
  what: string,
): Promise<void> {
  const many = await track.askAgain();
  process.stdout.write(`${id}: ${many} ${what} that were set aside will be sent again\n`);
}
