// `npm run bench -- resource-server`: what the kit costs a FHIR server, in this process: checking a JWT it has never seen, beside
// jose alone, and deciding a read with a token it knows. Prints both, writes bench-results/resource-server.json, and ends
// with one line of JSON.
import { parseArgs } from 'node:util';

import { SignJWT, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';

import { createResourceServer, decide } from '../../src/resource-server/index.ts';
import { conclude, middle } from './process.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    tokens: { type: 'string', default: '400' },
    decisions: { type: 'string', default: '200000' },
  },
});
const [ROUNDS, TOKENS, DECISIONS] = [values.rounds, values.tokens, values.decisions].map(Number) as [
  number,
  number,
  number,
];
const ISSUER = 'http://localhost:1';
const FHIR = 'https://ehr.example/fhir/r4';
const SCOPE =
  'launch/patient patient/Patient.rs patient/Observation.rs patient/Condition.rs patient/Encounter.rs';

const { publicKey, privateKey } = await generateKeyPair('RS256');
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] };
const started = Math.floor(Date.now() / 1000);
let polls = 0;
const server = createResourceServer({
  issuer: ISSUER,
  fhirBaseUrl: FHIR,
  credentials: { clientId: 'fhir-server', clientSecret: 'only-for-measuring' },
  cache: { entries: 1_000_000 },
  usage: false,
  fetch: gatehouse,
});

/** As much of Gatehouse as is asked: its metadata, its keys, and that nothing has ended. */
async function gatehouse(input: string | URL | Request): Promise<Response> {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  if (pathname === '/jwks') return Response.json(jwks);
  if (pathname === '/revocations') {
    polls += 1;
    return Response.json({ cursor: 'c', ended: [], resync: polls === 1, now: started - 60, age_ms: 0 });
  }
  return Response.json({
    issuer: ISSUER,
    introspection_endpoint: `${ISSUER}/introspect`,
    token_endpoint: `${ISSUER}/token`,
    jwks_uri: `${ISSUER}/jwks`,
  });
}

let made = 0;
/** Issued after the kit began to listen, as tokens mostly are. */
function newJwt(): Promise<string> {
  const claims = { scope: SCOPE, client_id: 'app', patient: 'p1', grant_ref: `g${made}` };
  made += 1;
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'k1' })
    .setIssuer(ISSUER)
    .setAudience(FHIR)
    .setSubject('u1')
    .setJti(`j${made}`)
    .setIssuedAt(started)
    .setExpirationTime(started + 3600)
    .sign(privateKey);
}

async function microsEach(count: number, work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

while (server.status().feed === 'none') await new Promise((resolve) => setTimeout(resolve, 20));
const keys = createLocalJWKSet(jwks);
const rounds: { bare: number; kit: number }[] = [];
for (let round = -1; round < ROUNDS; round += 1) {
  const texts = await Promise.all(Array.from({ length: TOKENS }, newJwt));
  const bare = await microsEach(TOKENS, async () => {
    for (const text of texts)
      await jwtVerify(text, keys, { issuer: ISSUER, audience: FHIR, typ: 'at+jwt', algorithms: ['RS256'] });
  });
  const kit = await microsEach(TOKENS, async () => {
    for (const text of texts) {
      const { kind } = await server.introspect(text);
      if (kind !== 'active') throw new Error(`a good token is ${kind}`);
    }
  });
  if (round >= 0) rounds.push({ bare, kit });
}

const token = await newJwt();
const headers = { authorization: `Bearer ${token}` };
await server.authenticate(headers);
const query = new URLSearchParams();
const decisions: number[] = [];
for (let round = -1; round < ROUNDS; round += 1) {
  const micros = await microsEach(DECISIONS, async () => {
    for (let at = 0; at < DECISIONS; at += 1) {
      // The feed has to be heard meanwhile, or nothing that is kept would count.
      if (at % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
      const caller = await server.authenticate(headers);
      if (!caller.ok) throw new Error('a known token was refused');
      const decision = decide(caller.token, { method: 'GET', pathBelowBase: '/Observation/o1', query });
      if (!decision.allowed) throw new Error(decision.description);
    }
  });
  if (round >= 0) decisions.push(micros);
}
await server.close();

const [bare, kit] = [middle(rounds.map((one) => one.bare)), middle(rounds.map((one) => one.kit))];
const ratio = middle(rounds.map((one) => one.bare / one.kit));
process.stdout.write(
  `a JWT nobody knows: jose alone ${bare.toFixed(1)} µs CPU, the kit ${kit.toFixed(1)} µs: ${ratio.toFixed(2)} × as fast\n` +
    `a read with a known token, decided: ${middle(decisions).toFixed(2)} µs CPU\n`,
);
conclude(
  'resource-server',
  { rounds: ROUNDS, jwtMicros: { bare, kit } },
  {
    jwt_check_vs_jose: Number(ratio.toFixed(3)),
    cached_decision_micros: Number(middle(decisions).toFixed(2)),
  },
);
process.exit();
