import { expect, describe, test } from '@jest/globals';

import { demoOn } from '../support/demo-suite.ts';

describe('what an operator ends is recorded', () => {
  const suite = demoOn('embedded');
  /** What the newest record of this person says happened. */
  const newest = async (username: string): Promise<string | undefined> => {
    const [, row = ''] = (await suite.cli('consent', 'list', '--user', username)).split('\n');
    return /^\S+ +([a-z]+(?:: [a-z-]+)?) /.exec(row)?.[1];
  };

  test('[SEC-9] [REV-07] one grant that is revoked is stopped, for no reason of ours', async () => {
    const { body } = await suite.launch();
    expect(await newest('amy')).toBe('granted');
    const [, row = ''] = (await suite.cli('grant', 'list', '--user', 'amy')).split('\n');
    await suite.cli('grant', 'revoke', '--user', 'amy', `--id=${row.split(' ')[0]}`);
    expect(await newest('amy')).toBe('stopped');
    expect(await suite.isActive(body.access_token)).toBe(false);
  });

  test('[SEC-9] [REV-06] a client that is disabled has lost what two people allowed it', async () => {
    await suite.launch();
    await suite.launch({ username: 'ben' });
    await suite.cli('client', 'disable', 'my-health');
    expect(await newest('amy')).toBe('stopped: client-disabled');
    expect(await newest('ben')).toBe('stopped: client-disabled');
    await suite.cli('client', 'enable', 'my-health');
  });

  test('[SEC-9] [REV-06] so has a person whose account is disabled', async () => {
    const { body } = await suite.launch({ username: 'ben' });
    await suite.cli('user', 'disable', 'ben');
    expect(await newest('ben')).toBe('stopped: account-disabled');
    expect(await suite.isActive(body.access_token)).toBe(false);
  });
});
