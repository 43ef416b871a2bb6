import type { AccountId, ClientId, GrantId } from '../oauth/index.ts';
import type { TokenKind } from './token-text.ts';

/**
 * Every key Gatehouse writes. The part in braces is the Redis Cluster hash tag: what shares it lies in one slot.
 * Secrets and names never appear; `<hash>` is a keyed hash of them. All values are sealed, but for markers and counts.
 *
 * | key                                | value                                | kept for                        |
 * |------------------------------------|--------------------------------------|---------------------------------|
 * | gh:{<grant>}:grant                 | grant with launch context            | refresh token lifetime          |
 * | gh:{<grant>}:at:<hash>             | access token                         | its lifetime                    |
 * | gh:{<grant>}:family                | refresh tokens: the good one         | its lifetime                    |
 * | gh:{<grant>}:answer                | answer to the last refresh           | seconds: refreshGraceSeconds    |
 * | gh:{<grant>}:ac:<hash>             | authorization code                   | its lifetime                    |
 * | gh:{<grant>}:bt:<hash>             | backend token (<grant> is its own)   | its lifetime                    |
 * | gh:{<grant>}:ac:<hash>:used        | marker: was redeemed                 | 10 minutes                      |
 * | gh:{<grant>}:dead                  | tombstone: was revoked               | refresh token lifetime          |
 * | gh:{s.<hash>}:session              | sign-in session                      | session lifetime                |
 * | gh:{u.<hash>}:session              | the same, by its public uid          | session lifetime                |
 * | gh:{i.<hash>}:interaction          | a paused authorization request       | 1 hour                          |
 * | gh:{i.<hash>}:progress             | how far the person has come          | 1 hour                          |
 * | gh:{l.<hash>}:launch               | an EHR launch                        | 5 minutes                       |
 * | gh:{j.<hash>}:jti                  | marker: an assertion was seen        | until the assertion expires     |
 * | gh:{r.<hash>}:count                | how often somebody did something     | 1 minute; sign-in: 15 minutes   |
 * | gh:{m.<model>.<hash>}:record       | what else oidc-provider keeps        | as it says                      |
 * | gh:{c.<client>}:client             | a client registration                | until removed                   |
 * | gh:{c.<client>}:status             | disabled or not                      | until removed                   |
 * | gh:{c.<client>}:grants             | index: grants of the client          | entries: as the grant           |
 * | gh:{a.<account>}:account           | an account                           | until removed                   |
 * | gh:{a.<account>}:grants            | index: grants of the account         | entries: as the grant           |
 * | gh:{n.<hash>}:login                | user name → account id               | until removed                   |
 * | gh:{clients}:all, gh:{accounts}:all| index of ids                         | until removed                   |
 * | gh:{keys}:signing                  | signing keys                         | until removed                   |
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
  dead: (grantId: GrantId) => `gh:{${grantId}}:dead`,
  session: (hash: string) => `gh:{s.${hash}}:session`,
  sessionByUid: (hash: string) => `gh:{u.${hash}}:session`,
  interaction: (hash: string) => `gh:{i.${hash}}:interaction`,
  progress: (hash: string) => `gh:{i.${hash}}:progress`,
  launch: (hash: string) => `gh:{l.${hash}}:launch`,
  jti: (hash: string) => `gh:{j.${hash}}:jti`,
  count: (hash: string) => `gh:{r.${hash}}:count`,
  other: (model: string, hash: string) => `gh:{m.${model}.${hash}}:record`,
  client: (clientId: ClientId) => `gh:{c.${clientId}}:client`,
  clientStatus: (clientId: ClientId) => `gh:{c.${clientId}}:status`,
  clientGrants: (clientId: ClientId) => `gh:{c.${clientId}}:grants`,
  account: (accountId: AccountId) => `gh:{a.${accountId}}:account`,
  accountGrants: (accountId: AccountId) => `gh:{a.${accountId}}:grants`,
  login: (hash: string) => `gh:{n.${hash}}:login`,
  allClients: 'gh:{clients}:all',
  allAccounts: 'gh:{accounts}:all',
  signingKeys: 'gh:{keys}:signing',
} as const;
