import { BALP_PROFILES, type Profile, type Slice, type Sliced } from './balp-profiles.ts';

type Json = Readonly<Record<string, unknown>>;
interface Coded {
  readonly system: string;
  readonly code: string;
}

/** What is wrong with an AuditEvent, against R4 and against the profiles it claims; empty: nothing. */
export function problemsOf(event: Json): string[] {
  const { profile = [] } = event['meta'] as { profile?: readonly string[] };
  return [...baseProblems(event), ...profile.flatMap((url) => profileProblems(event, url))];
}

const codeOf = ({ system, code }: Coded): string => `${system}|${code}`;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const ELEMENTS = new Set([
  ...[
    'resourceType',
    'id',
    'meta',
    // Of every resource (R4 §2.4.0).
    'extension',
    'type',
    'subtype',
    'action',
    'recorded',
    'outcome',
    'outcomeDesc',
    'purposeOfEvent',
  ],
  ...['agent', 'source', 'entity'],
]);

function baseProblems(event: Json): string[] {
  const agents = listOf(event, 'agent');
  const { security } = event['meta'] as { security?: readonly Coded[] };
  const source = event['source'] as { observer?: unknown; type?: readonly Coded[] };
  const rules: readonly [string, boolean][] = [
    ['resourceType', event['resourceType'] === 'AuditEvent'],
    ['id is no UUIDv5', UUID.test(String(event['id']))],
    ['recorded is no instant', INSTANT.test(String(event['recorded']))],
    ['outcome', ['0', '4', '8', '12'].includes(String(event['outcome']))],
    ['action', /^[CRUDE]$/.test(String(event['action']))],
    ['meta.security', security?.[0]?.code === 'R'],
    ['no agent', agents.length > 0],
    ['an agent without requestor', agents.every(({ requestor }) => typeof requestor === 'boolean')],
    ['an empty string', !/:""|:\[\]|:\{\}|:null/.test(JSON.stringify(event))],
    ['source.type', codeOf(source.type![0]!).endsWith('security-source-type|6')],
    ['source.observer', source.observer !== undefined],
    ...listOf(event, 'entity').map(
      (entity) =>
        ['sev-1', !(entity['name'] !== undefined && entity['query'] !== undefined)] as [string, boolean],
    ),
  ];
  const unknown = Object.keys(event).filter((name) => !ELEMENTS.has(name));
  return [
    ...rules.flatMap(([problem, holds]) => (holds ? [] : [problem])),
    ...unknown.map((name) => `unknown element ${name}`),
  ];
}

function profileProblems(event: Json, url: string): string[] {
  const profile: Profile | undefined = BALP_PROFILES[url];
  if (!profile) return [`unknown profile ${url}`];
  const subtypes = listOf(event, 'subtype').map((one) => codeOf(one as unknown as Coded));
  const { type, subtype, action, outcome } = profile;
  const rules: readonly [string, boolean][] = [
    ['type', !type || codeOf(event['type'] as Coded) === type],
    ['subtype', !subtype || (subtypes.includes(subtype.has) && subtypes.length <= subtype.max)],
    ['action', !action || event['action'] === action],
    ['outcome', !outcome || outcome.includes(String(event['outcome']))],
    ['val-audit-source', !profile.authorizerIsObserver || authorizerIsObserver(event)],
  ];
  return [
    ...rules.flatMap(([problem, holds]) => (holds ? [] : [problem])),
    ...sliceProblems('agent', listOf(event, 'agent'), profile.agent),
    ...(profile.entity ? sliceProblems('entity', listOf(event, 'entity'), profile.entity) : []),
  ].map((problem) => `${url.split('/').at(-1)}: ${problem}`);
}

function authorizerIsObserver(event: Json): boolean {
  const isAuthorizer = (agent: Json): boolean => discriminator(agent, 'type').endsWith('|authserver');
  const authorizer = listOf(event, 'agent').find(isAuthorizer);
  const { observer } = event['source'] as { observer: unknown };
  return JSON.stringify(authorizer?.['who']) === JSON.stringify(observer);
}

function sliceProblems(
  what: string,
  items: readonly Json[],
  { by, closed, min, max, slices }: Sliced,
): string[] {
  const problems =
    items.length < min || items.length > max ? [`${what}: ${items.length} of ${min}..${max}`] : [];
  const known = new Set<Json>();
  for (const slice of slices) {
    const found = items.filter((item) => slice.codes.includes(discriminator(item, by)));
    for (const item of found) known.add(item);
    if (found.length < slice.min || found.length > slice.max)
      problems.push(`${what}[${slice.name}]: ${found.length} of ${slice.min}..${slice.max}`);
    problems.push(...found.flatMap((item) => itemProblems(`${what}[${slice.name}]`, item, slice, by)));
  }
  const strange = items.filter((item) => !known.has(item)).length;
  return closed && strange > 0
    ? [...problems, `${what}: ${strange} in no slice, and they are closed`]
    : problems;
}

function itemProblems(where: string, item: Json, slice: Slice, by: Sliced['by']): string[] {
  const { needs = [], forbids = [], requestor, also } = slice;
  const other = by === 'type' ? 'role' : 'type';
  return [
    ...needs.filter((path) => at(item, path) === undefined).map((path) => `${where}.${path} is missing`),
    ...forbids.filter((path) => at(item, path) !== undefined).map((path) => `${where}.${path} must not be`),
    ...(requestor === undefined || item['requestor'] === requestor ? [] : [`${where}.requestor`]),
    ...(also === undefined || discriminator(item, other) === also ? [] : [`${where}.${other}`]),
  ];
}

function discriminator(item: Json, by: 'type' | 'role'): string {
  const value = item[by] as (Coded & { coding?: readonly Coded[] }) | undefined;
  const coding = value?.coding?.[0] ?? value;
  return coding ? codeOf(coding) : '';
}

function at(item: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Json | undefined)?.[name], item);
}

const listOf = (event: Json, name: string): readonly Json[] => (event[name] ?? []) as readonly Json[];
