// The side of a measured server: says that it is ready, and on every message how much CPU it has used.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Tells the bench what it has to know, and answers it until it has gone. */
export function beMeasured(started: object): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('message', (asked) => {
    if (asked === 'collect') collect();
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system, heapBytes: process.memoryUsage().heapUsed });
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ ...started, pid: process.pid });
}
