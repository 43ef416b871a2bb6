import type { Redis } from 'ioredis';
import type { Adapter, AdapterPayload, Configuration } from 'oidc-provider';

const CONSUMABLE = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'PushedAuthorizationRequest']);
const DAY = 24 * 3600;
const OF_GRANTS = new Set([...CONSUMABLE, 'AccessToken', 'BackchannelAuthenticationRequest']);

/**
 * oidc-provider on Redis as it is mostly run: a key for each thing, a hash for what is used once, a list of what belongs to
 * a grant, and nothing sealed or decided in one step.
 */
export function stockAdapter(redis: Redis): (model: string) => Adapter {
  return (model) => {
    const at = (id: string): string => `oidc:${model}:${id}`;
    const listOf = (grantId: string): string => `oidc:grant:${grantId}`;
    return {
      async upsert(id, payload, expiresIn = DAY) {
        const multi = redis.multi();
        const text = JSON.stringify(payload);
        if (CONSUMABLE.has(model)) multi.hset(at(id), { payload: text });
        else multi.set(at(id), text);
        multi.expire(at(id), expiresIn);
        if (payload.grantId !== undefined && OF_GRANTS.has(model)) {
          multi.rpush(listOf(payload.grantId), at(id));
          multi.expire(listOf(payload.grantId), expiresIn);
        }
        if (payload.uid !== undefined) multi.set(`oidc:uid:${payload.uid}`, id, 'EX', expiresIn);
        await multi.exec();
      },
      async find(id) {
        if (!CONSUMABLE.has(model)) return read(await redis.get(at(id)));
        const { payload, consumed } = await redis.hgetall(at(id));
        const found = read(payload ?? null);
        return found && (consumed === undefined ? found : { ...found, consumed: Number(consumed) });
      },
      async findByUid(uid) {
        const id = await redis.get(`oidc:uid:${uid}`);
        return id === null ? undefined : read(await redis.get(at(id)));
      },
      findByUserCode: () => Promise.resolve(undefined),
      async consume(id) {
        await redis.hset(at(id), 'consumed', Math.floor(Date.now() / 1000));
      },
      async destroy(id) {
        await redis.del(at(id));
      },
      async revokeByGrantId(grantId) {
        const names = await redis.lrange(listOf(grantId), 0, -1);
        await redis.del(listOf(grantId), ...names);
      },
    };
  };
}

function read(text: string | null): AdapterPayload | undefined {
  return text === null ? undefined : (JSON.parse(text) as AdapterPayload);
}

export const STOCK_RS = { id: 'fhir-server', secret: 'a-secret-only-for-measuring-0123456789' };

export const STOCK_CONFIGURATION: Configuration = {
  clients: [
    {
      client_id: STOCK_RS.id,
      client_secret: STOCK_RS.secret,
      redirect_uris: [],
      response_types: [],
      grant_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    {
      client_id: 'growth-chart-web',
      redirect_uris: ['https://app.example/cb'],
      token_endpoint_auth_method: 'none',
    },
  ],
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: async (_ctx, audience) => ({ audience, scope: '', accessTokenFormat: 'opaque' }),
    },
  },
};
