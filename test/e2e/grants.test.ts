import { describe, expect, test } from '@jest/globals';

import { demoOn, expectRefusal } from '../support/demo-suite.ts';
import { DRIVERS } from '../support/gatehouse.ts';

describe.each(DRIVERS)('grants on the command line while the demo runs, on %s', (driver) => {
  const suite = demoOn(driver);
  const rows = async (...owner: string[]): Promise<string[]> =>
    (await suite.cli('grant', 'list', ...owner)).trim().split('\n').slice(1);

  test('[REV-07] [REV-08] one grant is ended, with its tokens; the other of the same app lives on', async () => {
    const { body: first } = await suite.launch();
    const [row = ''] = await rows('--user', 'amy');
    expect(row).toMatch(/ my-health +amy +amy-shaw +\d{4}-\d{2}-\d{2} /);
    const { body: second } = await suite.launch();
    expect(await rows('--user', 'amy')).toHaveLength(2);

    const [id = ''] = row.split(' ');
    const printed = await suite.cli('grant', 'revoke', '--user', 'amy', `--id=${id}`);
    expect(printed).toBe(`grant ${id} ended; my-health can do nothing with it any more\n`);
    expect(await suite.isActive(first.access_token)).toBe(false);
    expect(await suite.isActive(second.access_token)).toBe(true);
    expect(await rows('--client', 'my-health')).toHaveLength(1);
  });

  test('mistakes get one line', async () => {
    expectRefusal(await suite.demo.cli('grant', 'list'), /say whose grants/);
    expectRefusal(await suite.demo.cli('grant', 'list', '--user', 'nobody'), /there is no user nobody/);
    expectRefusal(
      await suite.demo.cli('grant', 'revoke', '--user', 'amy', '--id=nonsense'),
      /there is no such grant: nonsense/,
    );
  });
});
