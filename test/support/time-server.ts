import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const EPOCH_SECONDS = 2_208_988_800;

/** What an NTP server says beside the time; each part as RFC 5905 has it. */
export interface Said {
  readonly leap?: number;
  readonly version?: number;
  readonly mode?: number;
  readonly stratum?: number;
  readonly reference?: string;
  readonly rootDelayMs?: number;
  readonly rootDispersionMs?: number;
  /** Default: what was asked. */
  readonly origin?: Buffer;
}

/** The answer of a server whose clock says `nowMs`. */
export function answerOf(question: Buffer, nowMs: number, said: Said = {}): Buffer {
  const { leap = 0, version = 4, mode = 4, stratum = 2, reference = 'TEST' } = said;
  const answer = Buffer.alloc(48);
  answer[0] = (leap << 6) | (version << 3) | mode;
  answer[1] = stratum;
  answer.writeUInt32BE(Math.round(((said.rootDelayMs ?? 1) / 1000) * 65_536), 4);
  answer.writeUInt32BE(Math.round(((said.rootDispersionMs ?? 1) / 1000) * 65_536), 8);
  answer.write(reference, 12, 'latin1');
  (said.origin ?? question.subarray(40, 48)).copy(answer, 24);
  for (const at of [32, 40]) writeTimestamp(answer, at, nowMs);
  return answer;
}

function writeTimestamp(packet: Buffer, at: number, ms: number): void {
  const seconds = Math.floor(ms / 1000);
  packet.writeUInt32BE((seconds + EPOCH_SECONDS) % 2 ** 32, at);
  packet.writeUInt32BE(Math.floor(((ms - seconds * 1000) / 1000) * 2 ** 32), at + 4);
}

/** An NTP server on loopback whose clock is `aheadMs` ahead of ours. */
export interface TimeServerStub {
  /** As it is written into a configuration. */
  readonly address: string;
  readonly asked: number;
  set(aheadMs: number, said?: Said): void;
  /** It answers nothing any more, until it is set. */
  silence(): void;
  close(): Promise<void>;
}

export async function startTimeServer(): Promise<TimeServerStub> {
  let state: { readonly aheadMs: number; readonly said: Said } | undefined = { aheadMs: 0, said: {} };
  let asked = 0;
  const socket = createSocket('udp4', (question, from) => {
    asked += 1;
    if (state)
      socket.send(answerOf(question, Date.now() + state.aheadMs, state.said), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    get asked() {
      return asked;
    },
    set: (aheadMs, said = {}) => void (state = { aheadMs, said }),
    silence: () => void (state = undefined),
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}
