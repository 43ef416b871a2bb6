import { SignJWT, exportJWK, generateKeyPair, type JWK } from 'jose';
import { createServer } from 'node:https';
import { TLSSocket } from 'node:tls';

export const KIT_ALGORITHMS = ['ES384', 'RS384'] as const;
export type KitAlgorithm = (typeof KIT_ALGORITHMS)[number];

/** A request for a key set, as its host saw it. */
export interface KeySetRequest {
  readonly method: string;
  readonly url: string;
  readonly accept: string | undefined;
  /** The TLS version of the connection. */
  readonly protocol: string | null;
}

/** The keys of a test kit: it publishes them over https on loopback, and signs client assertions with them. */
export interface KitKeys {
  readonly requests: readonly KeySetRequest[];
  /** Signs a client assertion; claims given replace the usual ones. */
  assertion(
    clientId: string,
    audience: string,
    alg: KitAlgorithm,
    claims?: Record<string, unknown>,
  ): Promise<string>;
  /** What the key sets are from now on, and how long they may be kept. */
  publish(algorithms: readonly KitAlgorithm[], cacheControl: string): void;
  close(): Promise<void>;
}

interface Key {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK & { readonly kid: string };
}

export async function startKitKeys(
  port: number,
  { certificate, key }: { readonly certificate: string; readonly key: string },
): Promise<KitKeys> {
  const keys = { ES384: await makeKey('ES384'), RS384: await makeKey('RS384') };
  const requests: KeySetRequest[] = [];
  let published: readonly KitAlgorithm[] = KIT_ALGORITHMS;
  let cacheControl = 'no-store';
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const { method = '', url = '', headers } = request;
    const protocol = request.socket instanceof TLSSocket ? request.socket.getProtocol() : null;
    requests.push({ method, url, accept: headers.accept, protocol });
    const body = JSON.stringify({ keys: published.map((alg) => keys[alg].jwk) });
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': cacheControl }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    requests,
    assertion: (clientId, audience, alg, claims = {}) => {
      const { privateKey, jwk } = keys[alg];
      // As far ahead as is allowed, and without `iat`: so the kit writes them.
      const exp = Math.floor(Date.now() / 1000) + 300;
      const usual = { iss: clientId, sub: clientId, aud: audience, exp, jti: crypto.randomUUID() };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg, typ: 'JWT', kid: jwk.kid })
        .sign(privateKey);
    },
    publish: (algorithms, control) => {
      published = algorithms;
      cacheControl = control;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function makeKey(alg: KitAlgorithm): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = `kit-${alg.toLowerCase()}`;
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}
