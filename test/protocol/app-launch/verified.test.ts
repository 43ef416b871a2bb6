import { describe, expect, test } from '@jest/globals';

import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { openScreen, textOf } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

describe('who has looked who is behind an app', () => {
  const suite = gatehouseOn('embedded', () => ({
    clients: [PUBLIC_APP, { ...PUBLIC_APP, client_id: 'known-app', verified: true }, RESOURCE_SERVER],
    name: 'Riverside Health',
  }));
  const shown = async (clientId: string, step: string): Promise<string> =>
    textOf((await openScreen(suite.server.issuer, step, { clientId })).html);

  test.each(['login', 'consent'])('[A019] an app nobody has checked is called so at %s', async (step) => {
    const text = await shown('public-app', step);
    expect(text).toContain('Unverified: Riverside Health has not checked this app');
    expect(text).not.toContain('Verified by');
    expect(text).toContain('localhost:4999');
  });

  test.each(['login', 'consent'])('[A019] one that was checked is, by name, at %s', async (step) => {
    const text = await shown('known-app', step);
    expect(text).toContain('Verified by Riverside Health');
    expect(text).not.toContain('Unverified');
  });
});
