import type { AccountId, ClientId, GrantId } from '../oauth/index.ts';
import type { TokenKind } from './token-text.ts';

/**
 * Names of everything Gatehouse writes; key-table.ts says what each holds. The part in braces is the Redis Cluster hash
 * tag: what shares it lies in one slot. Secrets and names never appear, only keyed hashes of them.
 */
export type KeyedTokenKind = Exclude<TokenKind, 'RefreshToken'>;
const TOKEN_LETTERS: Readonly<Record<KeyedTokenKind, string>> = {
  AccessToken: 'at',
  AuthorizationCode: 'ac',
  ClientCredentials: 'bt',
};

export const key = {
  grant: (grantId: GrantId) => `gh:{${grantId}}:grant`,
  family: (grantId: GrantId) => `gh:{${grantId}}:family`,
  answer: (grantId: GrantId) => `gh:{${grantId}}:answer`,
  token: (grantId: GrantId, kind: KeyedTokenKind, hash: string) =>
    `gh:{${grantId}}:${TOKEN_LETTERS[kind]}:${hash}`,
  used: (tokenKey: string) => `${tokenKey}:used`,
  usage: (grantId: GrantId) => `gh:{${grantId}}:usage`,
  dead: (grantId: GrantId) => `gh:{${grantId}}:dead`,
  session: (uidHash: string) => `gh:{u.${uidHash}}:session`,
  appsOfSession: (uidHash: string) => `gh:{u.${uidHash}}:apps`,
  sessionEnded: (uidHash: string) => `gh:{u.${uidHash}}:ended`,
  sessionMoved: (uidHash: string, idHash: string) => `gh:{u.${uidHash}}:moved:${idHash}`,
  interaction: (hash: string) => `gh:{i.${hash}}:interaction`,
  progress: (hash: string) => `gh:{i.${hash}}:progress`,
  launch: (hash: string) => `gh:{l.${hash}}:launch`,
  challenge: (hash: string) => `gh:{o.${hash}}:challenge`,
  oneTimeCode: (hash: string) => `gh:{o.${hash}}:code`,
  first: (hash: string) => `gh:{j.${hash}}:first`,
  jti: (hash: string) => `gh:{j.${hash}}:jti`,
  count: (hash: string) => `gh:{r.${hash}}:count`,
  other: (model: string, hash: string) => `gh:{m.${model}.${hash}}:record`,
  client: (clientId: ClientId) => `gh:{c.${clientId}}:client`,
  clientStatus: (clientId: ClientId) => `gh:{c.${clientId}}:status`,
  clientGrants: (clientId: ClientId) => `gh:{c.${clientId}}:grants`,
  account: (accountId: AccountId) => `gh:{a.${accountId}}:account`,
  recent: (accountId: AccountId, hash: string) => `gh:{a.${accountId}}:recent:${hash}`,
  agreed: (accountId: AccountId, hash: string) => `gh:{a.${accountId}}:agreed:${hash}`,
  factors: (accountId: AccountId) => `gh:{a.${accountId}}:factors`,
  accountSessions: (accountId: AccountId) => `gh:{a.${accountId}}:sessions`,
  accountGrants: (accountId: AccountId) => `gh:{a.${accountId}}:grants`,
  patientGrants: (hash: string) => `gh:{p.${hash}}:grants`,
  login: (hash: string) => `gh:{n.${hash}}:login`,
  link: (hash: string) => `gh:{f.${hash}}:link`,
  upstreamSessions: (hash: string) => `gh:{f.${hash}}:sessions`,
  upstreamEnded: (hash: string) => `gh:{f.${hash}}:ended`,
  allClients: 'gh:{clients}:all',
  allAccounts: 'gh:{accounts}:all',
  signingKeys: 'gh:{keys}:signing',
  recordKeys: 'gh:{keys}:records',
  auditKeys: 'gh:{keys}:audit',
  epoch: 'gh:{epoch}:store',
  epochCopy: (tag: string) => `gh:{epoch.${tag}}:store`,
  ring: 'gh:{epoch}:keys',
  lineage: 'gh:{epoch}:lineage',
  changes: 'gh:{epoch}:changes',
  barred: 'gh:{epoch}:barred',
} as const;

/** The grant whose tombstone has this name; `undefined` when it is none. */
export function grantOfTombstone(name: string): GrantId | undefined {
  return /^gh:\{([A-Za-z0-9_-]{22})\}:dead$/.exec(name)?.[1];
}
