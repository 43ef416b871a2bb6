const only = (folder, ...may) => ({
  name: `${folder}-imports`,
  severity: 'error',
  comment: `src/${folder} may import only ${may.join(', ') || 'nothing of ours'}`,
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [folder, ...may].map((name) => `^src/${name}/`) },
});

const DOMAIN = [
  'launch',
  'logout',
  'clients',
  'keys',
  'identity',
  'consent',
  'audit',
  'config',
  'limits',
  'introspection',
  'revocations',
  'usage',
  'language',
  'records',
  'notices',
  'upstream',
];

/** Of the domain, what may import other parts of it. */
const IMPORTS = {
  config: ['clients', 'consent', 'identity', 'keys', 'language'],
  clients: ['consent'],
  consent: ['language'],
  identity: ['language'],
  introspection: ['clients'],
  logout: ['audit', 'clients', 'keys'],
  notices: ['consent', 'identity', 'language'],
  upstream: ['config', 'identity', 'language'],
};

/** Imports point one way; see docs/architecture.md. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'SMART rules run without a server',
      from: { path: '^src/(smart|oauth)/' },
      to: { pathNot: '^src/(smart|oauth)/' },
    },
    only('oauth'),
    only('smart', 'oauth'),
    ...DOMAIN.map((folder) => only(folder, 'smart', 'oauth', ...(IMPORTS[folder] ?? []))),
    only('resource-server', 'smart', 'oauth'),
    only('store', 'smart', 'oauth', ...DOMAIN),
    only('mail', 'smart', 'oauth', ...DOMAIN),
    only('fhir', 'smart', 'oauth', ...DOMAIN),
    only('archive', 'smart', 'oauth', ...DOMAIN),
    only('oidc', 'smart', 'oauth', ...DOMAIN),
    only('relying-party', 'smart', 'oauth', ...DOMAIN),
    only('sign-in', 'smart', 'oauth', ...DOMAIN),
    only('second-step', 'smart', 'oauth', ...DOMAIN),
    only('interaction', 'second-step', 'smart', 'oauth', ...DOMAIN),
    only('my-apps', 'second-step', 'smart', 'oauth', ...DOMAIN),
    only('http', 'smart', 'oauth', ...DOMAIN),
    only('demo', 'resource-server', 'fhir', 'smart', 'oauth'),
    only('gateway', 'resource-server', 'audit', 'smart', 'oauth'),
    {
      name: 'provider-internals-in-one-file',
      severity: 'error',
      from: { pathNot: '^src/oidc/internals\\.ts' },
      to: { path: 'node_modules/oidc-provider/lib/(?!index\\.js)' },
    },
    {
      name: 'frameworks-stay-at-the-edge',
      severity: 'error',
      comment: 'domain rules know no Koa, Redis or oidc-provider',
      from: { path: `^src/(${[...DOMAIN, 'resource-server'].join('|')})/` },
      to: { path: 'node_modules/(koa|@koa|ioredis|oidc-provider)/' },
    },
    {
      name: 'driver-never-leaks',
      severity: 'error',
      from: { pathNot: '^src/store/redis/' },
      to: { path: 'node_modules/ioredis/' },
    },
    {
      name: 'asks-providers-in-one-folder',
      severity: 'error',
      comment: 'only relying-party/ speaks OpenID Connect to others',
      from: { pathNot: '^src/relying-party/' },
      to: { path: 'node_modules/openid-client/' },
    },
    {
      name: 'enter-by-index',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/(?!index\\.ts)', pathNot: '^src/$1/' },
    },
    {
      name: 'enter-by-index-from-the-top',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/[^/]+/(?!index\\.ts)' },
    },
    {
      name: 'demo-never-loaded-by-serve',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|demo)/' },
      to: { path: '^src/demo/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
