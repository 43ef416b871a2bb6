import { Provider, errors, type Adapter, type AdapterPayload } from 'oidc-provider';

import { isClientId } from '../clients/index.ts';
import type { GrantId } from '../oauth/index.ts';
import { USED_CODE_SECONDS, unsupported, type AdapterParts, type MadeAt } from './adapter-parts.ts';
import { StoreUnavailable } from './driver.ts';
import { indexOfPatient, telling, type StoredGrant } from './grant-list.ts';
import { grantInHand, grantToBe, openGrant, sealedGrant } from './grant-to-be.ts';
import { tokenOfRow, unsaid, type LeanRecord } from './grant-words.ts';
import { hasEnded, type Trust } from './guard.ts';
import { key, type KeyedTokenKind } from './keys.ts';
import { refreshTokenAdapter } from './refresh-adapter.ts';
import { beforeTheAnswer, currentPageRequest } from './page-request.ts';
import { recordAdapter } from './record-adapters.ts';
import { currentRequestScope, readOfGrant } from './request-scope.ts';
import { sessionAdapter } from './session-adapter.ts';
import { grantIdOf, undisguised } from './token-text.ts';

/** As long as a single commit may take; then there is an answer, or none will come. */
const ONE_COMMIT_MS = 900;

/** Makes the storage adapter oidc-provider asks for, one per model. Layout in keys.ts. */
export function createProviderAdapter(parts: AdapterParts): (model: string) => Adapter {
  return (model) => unavailableAs503(adapterFor(model, parts));
}

function adapterFor(model: string, parts: AdapterParts): Adapter {
  switch (model) {
    case 'RefreshToken':
      return {
        ...unsupported(model),
        ...refreshTokenAdapter(parts),
        revokeByGrantId: () => Promise.resolve(),
      };
    case 'AccessToken':
    case 'AuthorizationCode':
    case 'ClientCredentials':
      return tokenAdapter(model, parts);
    case 'Grant':
      return grantAdapter(parts);
    case 'Session':
      return sessionAdapter(parts);
    case 'Client':
      return {
        ...unsupported(model),
        find: (id) => (isClientId(id) ? parts.findClient(id) : Promise.resolve(undefined)),
      };
    default:
      return recordAdapter(model, parts);
  }
}

/** Tokens and codes: found by their grant, read together with it in one round trip. */
function tokenAdapter(
  kind: KeyedTokenKind,
  { vault, grantTtlSeconds, trust, words, msLeft }: AdapterParts,
): Adapter {
  const { driver, keys } = vault;
  const locate = (asked: string): { grantId: GrantId; tokenKey: string } | undefined => {
    const text = undisguised(asked);
    const grantId = grantIdOf(keys, kind, text);
    return grantId && { grantId, tokenKey: key.token(grantId, kind, keys.keyedHash('token', text)) };
  };
  return {
    ...unsupported(kind),
    async upsert(id, payload, expiresIn) {
      const place = locate(id);
      if (!place) throw new TypeError(`not a ${kind} text`);
      // The text itself is not written: it would be a usable secret in the store.
      const { jti: _text, ...kept } = payload;
      const record = kind === 'AccessToken' ? kept : { ...kept, madeAt: Date.now() };
      const scope = currentRequestScope();
      const grant = grantInHand(place.grantId);
      const row = grant ? unsaid(record, words.ofToken(kind, place.grantId, grant)) : record;
      const put = vault.sealed(place.tokenKey, row, expiresIn);
      if (scope) {
        scope.pending(place.grantId).puts.set(put.key, put);
        return;
      }
      if (msLeft() < ONE_COMMIT_MS)
        throw new StoreUnavailable('the request took too long', { isSettled: true });
      const outcome = await driver.commit({
        mode: 'issue',
        deadKey: key.dead(place.grantId),
        deadTtlSeconds: grantTtlSeconds,
        consume: [],
        puts: [put, ...grantToBe(vault, words, place.grantId)],
        removes: [],
      });
      if (outcome !== 'committed') throw new errors.InvalidGrant('the authorization was revoked');
    },
    async find(id) {
      const place = locate(id);
      if (!place) return undefined;
      const { grantId, tokenKey } = place;
      const names = [tokenKey, key.grant(grantId), key.dead(grantId), key.used(tokenKey)] as const;
      const [token, grant, dead, used] = await readOfGrant(driver, names);
      if (dead !== undefined) return undefined;
      const grantPayload = grant && openGrant(vault, words, names[1], grant);
      if (token === undefined) {
        if (kind === 'AuthorizationCode' && used !== undefined) endReplayed(grantId, grantPayload);
        return undefined;
      }
      const scope = currentRequestScope();
      if (grantPayload) scope?.grants.set(grantId, grantPayload);
      if (grant && kind === 'AuthorizationCode' && scope?.purpose === 'token')
        scope.pending(grantId).grantRead = grant;
      const row = vault.open<LeanRecord & MadeAt>(tokenKey, token);
      // What it is good for went with the grant.
      if (row.asGranted && !grantPayload) return undefined;
      const { madeAt, ...opened } = grantPayload
        ? tokenOfRow(row, words, { kind, grantId, grant: grantPayload })
        : row;
      const payload = { ...opened, jti: id };
      if (hasEnded(grantPayload ?? { ...payload, madeAt }, trust)) return undefined;
      if (kind === 'AuthorizationCode' && used === undefined) refuseUnsure(madeAt, trust);
      return used === undefined ? payload : { ...payload, consumed: true };
    },
    async consume(id) {
      const place = locate(id);
      if (!place) return;
      const scope = currentRequestScope();
      if (!scope) throw new TypeError(`a ${kind} is redeemed within a request only`);
      scope.pending(place.grantId).consume.set(key.used(place.tokenKey), USED_CODE_SECONDS);
    },
    async destroy(id) {
      const place = locate(id);
      if (!place) return;
      const scope = currentRequestScope();
      if (scope) {
        scope.pending(place.grantId).removes.add(place.tokenKey);
        return;
      }
      // A commit, which is told to those who keep the token in memory.
      await driver.commit({
        mode: 'issue',
        deadKey: key.dead(place.grantId),
        deadTtlSeconds: grantTtlSeconds,
        consume: [],
        puts: [],
        removes: [place.tokenKey],
      });
    },
    // The grant's tombstone ends its tokens; there is nothing to look for one by one.
    revokeByGrantId: () => Promise.resolve(),
  };
}

/**
 * A code that was redeemed comes again when it has long expired: its grant ends all the same (C2.4), when it is its own
 * client that shows it.
 */
function endReplayed(grantId: GrantId, grant: AdapterPayload | undefined): void {
  const asking = Provider.ctx?.oidc.client?.clientId;
  const scope = currentRequestScope();
  if (!scope || scope.purpose !== 'token' || !grant || grant.clientId !== asking) return;
  scope.pending(grantId).revoked = true;
}

/** A store that was replaced may have forgotten that a code was redeemed. Its grant is left alone. */
function refuseUnsure(madeAt: number | undefined, trust: Trust): void {
  if ((madeAt ?? 0) >= trust.unsureBefore()) return;
  throw new errors.CustomOIDCProviderError(
    'invalid_grant',
    'the code was made before a failure of the server; send the user again',
  );
}

function grantAdapter({ vault, grants, grantTtlSeconds, trust, words, onSignedOut }: AdapterParts): Adapter {
  const { driver } = vault;
  return {
    ...unsupported('Grant'),
    async upsert(id, payload, expiresIn) {
      const { clientId = '', accountId = '', exp } = payload;
      const until = exp ?? Math.floor(Date.now() / 1000) + grantTtlSeconds;
      const note = (): Promise<void> =>
        grants.note(
          id,
          { clientId, accountId },
          until,
          indexOfPatient(vault.keys, payload['smart'] as StoredGrant['smart']),
        );
      const page = currentPageRequest();
      if (page && !currentRequestScope()) {
        page.grants.set(id, payload);
        // Before the grant itself, which is written with its code.
        await beforeTheAnswer(note);
        return;
      }
      await note();
      const put = sealedGrant(vault, words, id, payload, expiresIn);
      const scope = currentRequestScope();
      if (scope) {
        scope.grants.set(id, payload);
        scope.pending(id).puts.set(put.key, put);
        return;
      }
      const outcome = await driver.commit({
        mode: 'issue',
        deadKey: key.dead(id),
        deadTtlSeconds: grantTtlSeconds,
        consume: [],
        puts: [put],
        removes: [],
      });
      if (outcome !== 'committed') throw new errors.InvalidGrant('the authorization was revoked');
    },
    async find(id) {
      const known = grantInHand(id);
      if (known !== undefined) return known;
      const [grant, dead] = await readOfGrant(driver, [key.grant(id), key.dead(id)]);
      if (grant === undefined || dead !== undefined) return undefined;
      const payload = openGrant(vault, words, key.grant(id), grant);
      return hasEnded(payload, trust) ? undefined : payload;
    },
    async destroy(id) {
      const scope = currentRequestScope();
      if (scope) scope.pending(id).revoked = true;
      else await telling(vault, id, onSignedOut, () => grants.revoke(id));
    },
  };
}

/** A store that is away is a 503 for everyone, on a redirect `temporarily_unavailable`; never "not found". */
function unavailableAs503(adapter: Adapter): Adapter {
  const wrap =
    <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      try {
        return await method(...args);
      } catch (error) {
        throw error instanceof StoreUnavailable ? asProtocolError(error) : error;
      }
    };
  return {
    upsert: wrap(adapter.upsert.bind(adapter)),
    find: wrap(adapter.find.bind(adapter)),
    findByUserCode: wrap(adapter.findByUserCode.bind(adapter)),
    findByUid: wrap(adapter.findByUid.bind(adapter)),
    consume: wrap(adapter.consume.bind(adapter)),
    destroy: wrap(adapter.destroy.bind(adapter)),
    revokeByGrantId: wrap(adapter.revokeByGrantId.bind(adapter)),
  };
}

function asProtocolError(cause: StoreUnavailable): Error {
  const error = new errors.TemporarilyUnavailable('the server cannot reach its store; try again shortly');
  return Object.assign(error, { status: 503, statusCode: 503, cause });
}
