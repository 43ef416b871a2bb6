import { describe, expect, test } from '@jest/globals';

import { gatehouseOn } from '../../support/suite.ts';

describe('what is at an address', () => {
  const suite = gatehouseOn('embedded');

  test('[DISC-29] only the response mode that works is listed', async () => {
    const response = await fetch(`${suite.server.issuer}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      response_modes_supported: ['query'],
      response_types_supported: ['code'],
    });
  });

  test('a person who opens the address of the server is told what it is', async () => {
    const response = await fetch(suite.server.issuer, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('This is where you sign in');
  });
});
