// `npm run bench -- gateway`: what the gateway costs where nothing has to be filtered, beside a plain streaming proxy: a
// search that answers 100 KB, round after round. Prints both, writes bench-results/gateway.json, and ends with one line of JSON.
import { parseArgs } from 'node:util';

import { load } from './load.ts';
import { conclude, middle, pin, startMeasured } from './process.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, requests: { type: 'string', default: '3000' } },
});
const [ROUNDS, REQUESTS] = [Number(values.rounds), Number(values.requests)];
const CONNECTIONS = 16;

interface Started {
  readonly port: number;
  readonly pid: number;
}

pin(process.pid, 1);
const upstream = await startMeasured<Started>('gateway-server.ts', { variant: 'upstream', upstreamPort: 0 });
pin(upstream.started.pid, 1);
const orders = { upstreamPort: upstream.started.port };
const proxies = {
  plain: await startMeasured<Started>('gateway-server.ts', { variant: 'plain', ...orders }),
  gateway: await startMeasured<Started>('gateway-server.ts', { variant: 'gateway', ...orders }),
};
const token = `gat_${'A'.repeat(54)}`;
const request = Buffer.from(
  `GET /fhir/r4/Observation?_count=500 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nAccept: application/fhir+json\r\n\r\n`,
);

async function shoot(name: keyof typeof proxies): Promise<number> {
  const proxy = proxies[name];
  const before = await proxy.usage();
  const { failed } = await load({
    ...{ port: proxy.started.port, connections: CONNECTIONS, requests: REQUESTS, request: () => request },
    isRight: (answer) => answer.startsWith('HTTP/1.1 200') && answer.length > 100_000,
  });
  if (failed > 0) throw new Error(`${name}: ${failed} answers were wrong`);
  return ((await proxy.usage()).cpuMicros - before.cpuMicros) / REQUESTS;
}

const rounds: { plain: number; gateway: number }[] = [];
for (let round = -1; round < ROUNDS; round += 1) {
  const shots = { plain: await shoot('plain'), gateway: await shoot('gateway') };
  if (round >= 0) rounds.push(shots);
}
for (const one of [proxies.plain, proxies.gateway, upstream]) one.stop();
const micros = {
  plain: middle(rounds.map((one) => one.plain)),
  gateway: middle(rounds.map((one) => one.gateway)),
};
const ratio = middle(rounds.map((one) => one.gateway / one.plain));
process.stdout.write(
  `100 KB through a plain proxy ${micros.plain.toFixed(0)} µs CPU, through the gateway ${micros.gateway.toFixed(0)} µs: ${ratio.toFixed(2)} of it\n`,
);
conclude(
  'gateway',
  { rounds: ROUNDS, requests: REQUESTS, micros },
  { gateway_cpu_vs_plain_proxy: Number(ratio.toFixed(3)) },
);
