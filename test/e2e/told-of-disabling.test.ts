import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import path from 'node:path';

import { REDIRECT, RS_SECRET, basic } from '../support/clients.ts';
import { authorize, postForm, redeem } from '../support/flow.ts';
import { DRIVERS, PASSWORD } from '../support/gatehouse.ts';
import { runGatehouse } from '../support/process.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { SERVED_CLIENTS, serveFolder, startServe, type Serve, type ServeFolder } from '../support/serve.ts';
import { startToldApp, type ToldApp } from '../support/told-app.ts';

const SCOPE = 'openid launch/patient offline_access patient/Patient.rs';

describe.each(DRIVERS)('a person is disabled on the command line, on %s', (driver) => {
  let redis: RedisServer | undefined;
  let folder: ServeFolder;
  let serve: Serve;
  let app: ToldApp;
  let env: Record<string, string>;
  beforeAll(async () => {
    redis = driver === 'redis' ? await startRedis({ appendOnly: true }) : undefined;
    app = await startToldApp('told-app');
    folder = await serveFolder((yaml) => yaml + SERVED_CLIENTS);
    env = { DATA_DIR: path.join(folder.dir, 'data'), ...(redis ? { REDIS_URL: redis.url } : {}) };
    serve = await startServe(folder, env);
  });
  afterAll(async () => {
    await serve.stop();
    await Promise.all([redis?.stop(), app.close(), folder.remove()]);
  });
  const cli = (...args: string[]) => runGatehouse([...args, '--config', folder.config], env);

  test('[A092] [openid-backchannel§2.5] their tokens are dead at once, their browser is signed out, and their apps are told', async () => {
    const registered = await cli(
      ...['client', 'add', '--id', 'told-app', '--name', 'Told App', '--redirect-uri', REDIRECT],
      ...['--scope', SCOPE, '--backchannel-logout-uri', app.url, '--backchannel-logout-session'],
    );
    expect(registered.stdout).toContain(`backchannel_logout_uri: ${app.url}\n`);
    expect(registered.stdout).toContain('backchannel_logout_session_required: true\n');
    const password = await folder.write('password', PASSWORD);
    const dana = [
      '--username',
      'dana',
      '--name',
      'Dana Cruz',
      '--role',
      'patient',
      '--fhir-user',
      'Patient/1',
    ];
    const added = await cli('user', 'add', ...dana, '--password-file', password);
    expect(added).toMatchObject({ code: 0 });
    const code = await authorize(serve.issuer, { clientId: 'told-app', scope: SCOPE, username: 'dana' });
    const { body } = await redeem(serve.issuer, code, { client_id: 'told-app' });
    const { sub, sid } = decodeJwt(String(body['id_token']));
    expect(sid).toBeTruthy();

    const disabled = await cli('user', 'disable', 'dana');
    expect(disabled.stdout).toMatch(/^user dana is disabled; 1 grant\(s\) ended\n$/);
    expect(disabled.stderr).toMatch(/"type":"sign-out\.told".*"outcome":"success"/);
    expect(await app.told(1, serve.issuer)).toEqual([expect.objectContaining({ sub, sid })]);
    const asked = { token: body.access_token };
    const told = await postForm(`${serve.issuer}/introspect`, asked, basic('fhir-server', RS_SECRET));
    expect(told.body).toEqual({ active: false });
  });
});
