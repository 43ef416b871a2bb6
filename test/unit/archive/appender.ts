/** A process that adds records to one person's file until it is killed; says so for each that is kept. */
import { createFileArchive } from '../../../src/archive/index.ts';
import { GRANTED, recordsOf } from '../../support/decisions.ts';

const [dataDir = '', name = ''] = process.argv.slice(2);
const archive = createFileArchive({ dataDir, nameOf: (accountId) => `file-of-${accountId}` });
const html = `<p>${'long '.repeat(20_000)}</p>`;
const { records } = await recordsOf([{ ...GRANTED, shown: { html, language: 'en' } }]);
for (let count = 0; ; count += 1) {
  const [record] = records;
  if (!record) throw new Error('there is no record to keep');
  await archive.append('amy', { ...record, consent: { ...record.consent, id: `${name}-${count}` } });
  process.stdout.write(`${name}-${count}\n`);
}
