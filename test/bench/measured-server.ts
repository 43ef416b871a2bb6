// The side of a measured server: says that it is ready, and on every message how much CPU it has used.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Tells the bench what it has to know, and answers it until it has gone.
 *
 * @param cpuMicros what was used so far; default: by this process
 */
export function beMeasured(started: object, cpuMicros: () => Promise<number> = own): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('message', (asked) => {
    if (asked === 'collect') collect();
    const { heapUsed: heapBytes } = process.memoryUsage();
    void cpuMicros().then((used) => process.send?.({ cpuMicros: used, heapBytes }));
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ ...started, pid: process.pid });
}

async function own(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return user + system;
}
