import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';
import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { ClientCredentials, Provider } from 'oidc-provider';
import { z } from 'zod';

import type { AuditRecorder } from '../audit/index.ts';
import type { Client, ClientRegistry } from '../clients/index.ts';
import type { Config, FhirServerConfig } from '../config/index.ts';
import type { RequestLimits } from '../limits/index.ts';
import { LAUNCH_TTL_SECONDS, launchUrl, type LaunchStore } from '../launch/index.ts';
import type { Clock, ErrorCode } from '../oauth/index.ts';
import { parseLaunchContext, type LaunchContext } from '../smart/index.ts';
import { fhirServerOf, fhirServersFor } from './authorization-request.ts';
import { withinLimit } from './limited.ts';
import { noteCaller } from './refusals.ts';

/** The scope an EHR's token needs to launch apps: an extension scope is a URI of its owner (SCO-23). */
export function launchScope(issuer: string): string {
  return `${issuer}/scopes/launch`;
}

export interface LaunchEndpointParts {
  readonly config: Pick<Config, 'issuer' | 'fhirServers'>;
  readonly provider: () => Provider;
  readonly clients: ClientRegistry;
  readonly launches: LaunchStore;
  readonly limits: RequestLimits;
  readonly audit: AuditRecorder;
  readonly clock: Clock;
  readonly launchHash: (launch: string) => string;
}

const LAUNCH_ID_BYTES = 24;

const request = z.looseObject({
  client_id: z.string(),
  iss: z.string().optional(),
  launch_uri: z.string().optional(),
  fhirUser: z
    .string()
    .regex(
      /^(Patient|Practitioner|PractitionerRole|RelatedPerson|Person)\/[A-Za-z0-9.-]{1,64}$/,
      'expected a relative reference such as Practitioner/123',
    )
    .optional(),
  login_hint: z.string().max(200).optional(),
});
const KNOWN_MEMBERS = new Set(['client_id', 'iss', 'launch_uri', 'fhirUser', 'login_hint']);

/**
 * `POST /launches`: an EHR says what is open on its screen and gets a launch value and the address to open (LCH-01 …
 * LCH-05). The EHR shows a backend token with {@link launchScope}; the value it gets signs nobody in.
 */
export function launchEndpoint(parts: LaunchEndpointParts): Router {
  const router = new Router();
  router.post('/launches', bodyParser({ enableTypes: ['json'], jsonLimit: '64kb' }), async (ctx) => {
    const ehr = await callerOf(ctx, parts);
    if (!ehr) return;
    const whose = `client ${ehr.registration.client_id}`;
    if (await withinLimit(ctx, parts.limits, 'launchesPerEhr', whose)) await announce(ctx, ehr, parts);
  });
  return router;
}

async function callerOf(
  ctx: Context,
  { provider, clients, config }: LaunchEndpointParts,
): Promise<Client | undefined> {
  const [, text = ''] = /^Bearer (\S+)$/i.exec(ctx.get('Authorization')) ?? [];
  const token: ClientCredentials | undefined = text
    ? await provider().ClientCredentials.find(text)
    : undefined;
  const client =
    token?.isValid && token.clientId !== undefined ? await clients.find(token.clientId) : undefined;
  if (!client || client.disabled) {
    refuse(ctx, 401, 'invalid_token', 'an access token of an EHR is required');
    ctx.set('WWW-Authenticate', text ? 'Bearer error="invalid_token"' : 'Bearer');
    return undefined;
  }
  noteCaller(ctx, client.registration.client_id);
  const mayLaunch = client.registration.rights.includes('launch');
  if (!mayLaunch || !token?.scopes.has(launchScope(config.issuer))) {
    refuse(ctx, 403, 'insufficient_scope', `launching apps needs the scope ${launchScope(config.issuer)}`);
    ctx.set('WWW-Authenticate', `Bearer error="insufficient_scope", scope="${launchScope(config.issuer)}"`);
    return undefined;
  }
  return client;
}

async function announce(ctx: Context, ehr: Client, parts: LaunchEndpointParts): Promise<void> {
  const asked = await readRequest((ctx.request as { body?: unknown }).body, ehr, parts);
  if (!asked.ok) {
    refuse(ctx, 400, 'invalid_request', asked.description);
    return;
  }
  const { app, server, uri, context, fhirUser, loginHint } = asked;
  const launch = randomBytes(LAUNCH_ID_BYTES).toString('base64url');
  const ehrClientId = ehr.registration.client_id;
  const record = {
    clientId: app.registration.client_id,
    fhirBaseUrl: server.url,
    context,
    announcedBy: ehrClientId,
    expiresAt: parts.clock() + LAUNCH_TTL_SECONDS,
    ...(fhirUser === undefined ? {} : { fhirUser }),
    ...(loginHint === undefined ? {} : { loginHint }),
  };
  await parts.launches.put(launch, record, LAUNCH_TTL_SECONDS);
  await parts.audit.record({
    type: 'launch.created',
    outcome: 'success',
    reference: String(ctx.state['reference']),
    address: ctx.ip,
    ehrClientId,
    clientId: record.clientId,
    fhirServer: server.url,
    launchHash: parts.launchHash(launch),
    ...(context.patient === undefined ? {} : { patient: context.patient }),
  });
  ctx.status = 201;
  ctx.body = {
    launch,
    iss: server.url,
    launch_url: launchUrl(uri, server.url, launch),
    expires_in: LAUNCH_TTL_SECONDS,
  };
}

type ReadRequest =
  | {
      readonly ok: true;
      readonly app: Client;
      readonly server: FhirServerConfig;
      readonly uri: string;
      readonly context: LaunchContext;
      readonly fhirUser?: string | undefined;
      readonly loginHint?: string | undefined;
    }
  | { readonly ok: false; readonly description: string };

async function readRequest(
  body: unknown,
  ehr: Client,
  { config, clients }: LaunchEndpointParts,
): Promise<ReadRequest> {
  const no = (description: string): ReadRequest => ({ ok: false, description });
  const parsed = request.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return no(`${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'is not as expected'}`);
  }
  const { client_id, iss, launch_uri, fhirUser, login_hint: loginHint, ...rest } = parsed.data;
  const context = parseLaunchContext(rest);
  if (!context.ok) return no(`${context.field}: expected ${context.expected}`);
  // Somebody would pick a patient later, and the encounter might be another one's.
  if (context.context.encounter !== undefined && context.context.patient === undefined) {
    return no('encounter: needs the patient it belongs to');
  }
  const unknown = Object.keys(rest).find((name) => !(name in context.context) && !KNOWN_MEMBERS.has(name));
  if (unknown !== undefined) return no(`${unknown}: there is no such member`);

  const tenant = tenantOf(ehr, context.context);
  if (!tenant.ok) return no(tenant.description);

  const app = await clients.find(client_id);
  if (!app || app.disabled) return no('client_id: there is no such app');
  if (ehr.registration.launch_apps?.includes(client_id) === false)
    return no('client_id: is not an app that this EHR may launch');
  if (!app.registration.scope.split(' ').includes('launch')) {
    return no('client_id: the app is not registered for the launch scope');
  }
  const servers = fhirServersFor(fhirServersFor(config.fhirServers, app.registration), ehr.registration);
  const server = iss === undefined ? servers[0] : fhirServerOf(servers, iss);
  if (!server)
    return no('iss: is not a FHIR server of this authorization server that the app and the EHR may use');
  const { launch_uris: registered } = app.registration;
  const uri = launch_uri ?? registered[0];
  if (uri === undefined || !registered.includes(uri))
    return no('launch_uri: is not a registered launch URL of the app');
  const launched = { ...context.context, ...tenant.member };
  return { ok: true, app, server, uri, context: launched, fhirUser, loginHint };
}

type Tenant =
  | { readonly ok: true; readonly member: Pick<LaunchContext, 'tenant'> }
  | { readonly ok: false; readonly description: string };

/** Who launches for some tenants launches for no other; a launch keeps its tenant to the end (LCH-04, CTX-09, SEC-10). */
function tenantOf({ registration: { tenants } }: Client, { tenant }: LaunchContext): Tenant {
  if (tenants === undefined) return { ok: true, member: {} };
  const [only, ...more] = tenants;
  const meant = tenant ?? (more.length === 0 ? only : undefined);
  if (meant === undefined)
    return { ok: false, description: 'tenant: is required of an EHR with several tenants' };
  return tenants.includes(meant)
    ? { ok: true, member: { tenant: meant } }
    : { ok: false, description: 'tenant: is not one this EHR may launch apps for' };
}

function refuse(ctx: Context, status: number, error: ErrorCode, description: string): void {
  ctx.status = status;
  ctx.body = { error, error_description: description };
}
