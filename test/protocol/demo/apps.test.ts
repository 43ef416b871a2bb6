import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createDemoApps,
  DEMO_PATIENTS,
  DEMO_PEOPLE,
  demoClients,
  type LaunchRequest,
  type LaunchResult,
} from '../../../src/demo/index.ts';
import { parseScopeList } from '../../../src/smart/index.ts';
import { listen, type Running } from './demo-server.ts';

const ISSUER = 'http://127.0.0.1:3000';
let server: Running;
let launched: LaunchRequest[];
let result: LaunchResult;

beforeAll(async () => {
  server = await listen((appsBaseUrl) => {
    const app = createDemoApps({
      appsBaseUrl,
      fhirBaseUrl: 'http://127.0.0.1:3001/fhir/r4',
      issuer: ISSUER,
      people: DEMO_PEOPLE,
      patients: DEMO_PATIENTS,
      vouch: async () => 'not asked for here',
      launchEhr: async (request) => {
        launched.push(request);
        return result;
      },
    });
    const handle = app.callback();
    return (request, response) => void handle(request, response);
  });
});
beforeEach(() => {
  launched = [];
  result = { launchUrl: `${server.url}/apps/growth-chart/launch.html?iss=x&launch=y` };
});
afterAll(() => server.close());

const press = (form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${server.url}/launch`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers,
    redirect: 'manual',
  });

const CHOSEN = { user: 'david', patient: 'chloe-shaw', encounter: 'chloe-shaw-visit-2', app: 'growth-chart' };

describe('the EHR simulator', () => {
  test('[LCH-01] the button launches exactly what was chosen', async () => {
    const response = await press({ ...CHOSEN, intent: 'review-growth', need_patient_banner: 'true' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('launchUrl' in result && result.launchUrl);
    expect(launched).toEqual([
      {
        clientId: 'growth-chart',
        fhirBaseUrl: 'http://127.0.0.1:3001/fhir/r4',
        username: 'david',
        fhirUser: 'Practitioner/david-lund',
        patient: 'chloe-shaw',
        encounter: 'chloe-shaw-visit-2',
        intent: 'review-growth',
        needPatientBanner: true,
      },
    ]);
  });

  test('[LCH-01] no encounter and no intent are left out', async () => {
    await press({ ...CHOSEN, encounter: '', intent: '' });
    expect(launched).toEqual([expect.not.objectContaining({ encounter: expect.anything() })]);
    expect(launched).toMatchObject([{ needPatientBanner: false }]);
  });

  test('[CTX-02] an encounter of another patient is never launched', async () => {
    const response = await press({ ...CHOSEN, encounter: 'amy-shaw-visit-1' });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain('belongs to another patient');
    expect(launched).toEqual([]);
  });

  test('[A081] a launch that fails is explained, with nothing unescaped', async () => {
    result = { error: 'Gatehouse said <no>' };
    const response = await press(CHOSEN);
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('Gatehouse said &lt;no&gt;');
  });

  test('[LCH-01] another site cannot press the button', async () => {
    expect((await press(CHOSEN, { origin: 'https://evil.example' })).status).toBe(403);
    expect(launched).toEqual([]);
    expect((await press(CHOSEN, { origin: server.url })).status).toBe(303);
  });

  test('[LCH-01] without JavaScript the page shows the chosen patient’s encounters', async () => {
    const page = await (await fetch(`${server.url}/?patient=ben-okafor&user=david`)).text();
    expect(page).toContain('value="ben-okafor-visit-1"');
    expect(page).not.toContain('amy-shaw-visit-1');
    expect(page).toMatch(/value="david" selected/);
    expect(page).not.toMatch(/<script(?![^>]* src=)|style="/);
  });
});

describe('the sample apps', () => {
  const pages = ['growth-chart', 'my-health', 'clinic-list'].flatMap((name) => [
    `/apps/${name}/launch.html`,
    `/apps/${name}/index.html`,
  ]);

  test.each(pages)('[A081] %s runs only our own scripts', async (path) => {
    const response = await fetch(`${server.url}${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'; style-src 'self'");
    const page = await response.text();
    expect(page).toContain('id="status"');
    expect(page).not.toMatch(/<script(?![^>]* src=)|style="/);
  });

  test('[CORS-02] fhirclient is served as its authors built it', async () => {
    const response = await fetch(`${server.url}/assets/fhir-client.min.js`);
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect((await response.text()).length).toBeGreaterThan(50_000);
  });

  test.each(['/nothing', '/apps/../../package.json', '/apps/%2e%2e/server.ts', '/server.ts'])(
    '[A081] %s is a page that says so',
    async (path) => {
      const response = await fetch(`${server.url}${path}`);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('Page not found');
    },
  );
});

describe('demoClients', () => {
  const clients = demoClients({
    appsBaseUrl: 'http://127.0.0.1:3002',
    issuer: ISSUER,
    ehrJwks: { keys: [] },
    backendJwks: { keys: [] },
    fhirServerSecret: 'secret',
  });

  test('[CRG-12] every scope that is registered can be read', () => {
    expect(clients.flatMap(({ scope }) => parseScopeList(scope).problems)).toEqual([]);
  });

  test('[CRG-02] the apps are public, and registered for the pages they have', () => {
    const [growth] = clients;
    expect(growth).toMatchObject({
      client_id: 'growth-chart',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1:3002/apps/growth-chart/index.html'],
      launch_uris: ['http://127.0.0.1:3002/apps/growth-chart/launch.html'],
    });
    expect(clients.find(({ client_id }) => client_id === 'demo-ehr')).toMatchObject({
      scope: `${ISSUER}/scopes/launch`,
      rights: ['launch'],
    });
  });

  test('[OIDC-09] every person of the demo is somebody in its data', () => {
    const patients = DEMO_PEOPLE.filter(({ role }) => role === 'patient');
    for (const { fhirUser, name } of patients) {
      expect(DEMO_PATIENTS).toContainEqual(expect.objectContaining({ id: fhirUser.split('/')[1], name }));
    }
  });
});
