// `npm run bench -- audit`: what the audit log costs. CPU time of the record of a token, on disk before it is answered, with so
// many at once and alone; of an introspection that is counted; and of whole code exchanges with an id token, beside the same
// server without its audit log. Writes bench-results/audit.json, and ends with one line of JSON.
import { parseArgs } from 'node:util';

import { compareExchanges, ratioOf, type Seen } from './audit-exchange.ts';
import { AT_ONCE, measureRecords } from './audit-records.ts';
import { conclude, middle } from './process.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    records: { type: 'string', default: '5000' },
    introspections: { type: 'string', default: '200000' },
    'exchange-rounds': { type: 'string', default: '7' },
  },
});

// Before this process, as the load of the exchanges, is put on one core.
const records = await measureRecords({
  rounds: Number(values.rounds),
  records: Number(values.records),
  introspections: Number(values.introspections),
});
const { record, alone, introspection, signature } = records;
process.stdout.write(
  `a token's record, ${AT_ONCE} at once: ${record.cpu.toFixed(1)} µs of CPU (at most 70)\n` +
    `a record alone: ${alone.cpu.toFixed(0)} µs of CPU (at most 70), of which the kernel's are ${alone.kernel.toFixed(0)}; ` +
    `${(alone.wall / 1000).toFixed(2)} ms until it is on disk\n` +
    `an introspection counted: ${introspection.cpu.toFixed(2)} µs (at most 2)\n` +
    `an id token's signature, for comparison: ${signature.cpu.toFixed(0)} µs\n`,
);

const [one, many] = (await compareExchanges(Number(values['exchange-rounds']), [1, AT_ONCE])) as [Seen, Seen];
for (const [what, seen] of [
  ['one at a time', one],
  [`${AT_ONCE} at once`, many],
] as const)
  process.stdout.write(
    `a code exchange with id token, ${what}: ${middle(seen.with).toFixed(0)} µs of CPU, without the audit log ` +
      `${middle(seen.without).toFixed(0)}: ${ratioOf(seen).toFixed(3)} of it (at most 1.10)\n`,
  );

conclude(
  'audit',
  { rounds: Number(values.rounds), micros: records, exchangeMicros: { oneAtATime: one, atOnce: many } },
  {
    code_exchange_with_audit_vs_without: Number(ratioOf(many).toFixed(3)),
    code_exchange_alone_with_audit_vs_without: Number(ratioOf(one).toFixed(3)),
    token_record_micros: Number(record.cpu.toFixed(1)),
    token_record_alone_micros: Number(alone.cpu.toFixed(1)),
    introspection_micros: Number(introspection.cpu.toFixed(2)),
  },
);
