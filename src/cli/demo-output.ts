import { styleText } from 'node:util';

import type { AuditRecord, AuditSink } from '../audit/index.ts';
import { DEMO_PEOPLE } from '../demo/index.ts';
import type { StoreDriver } from '../store/index.ts';
import type { Demo } from './demo-config.ts';

const ROLES = {
  patient: 'patient',
  practitioner: 'practitioner',
  representative: 'acts for two patients',
} as const;

/** What a stranger reads first: where everything is, who can sign in, and what to try. */
export function welcome({ config, fhirBaseUrl, appsBaseUrl }: Demo, driver: StoreDriver): string {
  const line = (name: string, value: string): string => `  ${name.padEnd(34)}${value}`;
  const store =
    driver.name === 'embedded'
      ? `embedded (one process), in ${driver.location}`
      : `Redis at ${driver.location} (REDIS_URL)`;
  const people = DEMO_PEOPLE.map(
    ({ username, password, name, role }) =>
      `  ${username.padEnd(8)}${password.padEnd(16)}${name}, ${ROLES[role]}`,
  );
  return [
    '',
    styleText('bold', 'Gatehouse demo is running. Ctrl+C stops it.'),
    '',
    line('EHR simulator and sample apps', appsBaseUrl),
    ...config.fhirServers.map(({ name, url }) =>
      line(url === fhirBaseUrl ? 'FHIR server' : `FHIR server, ${name}`, url),
    ),
    line('Authorization server', config.issuer),
    line('What people allowed', `${config.issuer}/apps, /account`),
    line('Health and metrics', `http://localhost:${config.management.port}/health/ready, /metrics`),
    line('Store', store),
    '',
    styleText('bold', 'People who can sign in (all data is made up)'),
    ...people,
    '',
    `Try it: open ${appsBaseUrl} and choose "Launch app". What happens is told below.`,
    '',
  ].join('\n');
}

/** Tells audit records to the person at the terminal, a short line each. */
export function terminalSink(write: (text: string) => void): AuditSink {
  return {
    name: 'terminal',
    write: async (record) => {
      if (record.type !== 'server.start') write(`${describe(record)}\n`);
    },
    close: async () => undefined,
  };
}

const SHOWN = ['clientId', 'patient', 'grantType', 'reason', 'active', 'change', 'reference'] as const;

function describe(record: AuditRecord): string {
  const details = new Map<string, unknown>(Object.entries(record));
  const shown = SHOWN.flatMap((name) => {
    const value = details.get(name);
    return typeof value === 'string' || typeof value === 'boolean' ? [`${name}=${value}`] : [];
  });
  return [record.recorded.slice(11, 19), record.type.padEnd(18), record.outcome.padEnd(8), ...shown].join(
    ' ',
  );
}
