import { constants } from 'node:crypto';
import tls, { type ConnectionOptions, type SecureVersion } from 'node:tls';

import type { TestCertificate } from './certificate.ts';

/** A client that offers this and nothing else. */
export interface TlsClient {
  readonly version: SecureVersion;
  readonly ciphers?: string;
  readonly curve?: string;
}

const LAX = 'ALL:@SECLEVEL=0';

/** What was agreed on, `TLSv1.2 ECDHE-…`, or `refused`. */
export function agreed(port: number, client: TlsClient, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, {
      ca,
      ...{ minVersion: client.version, maxVersion: client.version, ciphers: client.ciphers ?? LAX },
      ...(client.curve === undefined ? {} : { ecdhCurve: client.curve }),
    });
    socket.once('secureConnect', () => {
      resolve(`${socket.getProtocol() ?? ''} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.once('error', () => resolve('refused'));
    socket.once('close', () => resolve('refused'));
  });
}

/** Asks in the middle of a connection for another handshake. */
export function renegotiated(port: number, ca: string): Promise<'agreed' | 'refused'> {
  return new Promise((resolve) => {
    const socket = connect(port, {
      ca,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    });
    socket.once('error', () => resolve('refused'));
    socket.once('close', () => resolve('refused'));
    socket.once('secureConnect', () => {
      socket.renegotiate({}, (error) => {
        resolve(error ? 'refused' : 'agreed');
        socket.destroy();
      });
    });
  });
}

/** The certificate that is shown to a new connection, by its serial number. */
export function shownSerial(port: number, trusted: ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, trusted);
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
  });
}

function connect(port: number, options: ConnectionOptions): tls.TLSSocket {
  return tls.connect({ host: '127.0.0.1', servername: 'localhost', port, ...options });
}

export interface LaxServer {
  readonly port: number;
  close(): void;
}

/** Takes whatever OpenSSL can still do: so that a refusal elsewhere is the doing of that server, and not of the client. */
export async function startLaxServer({ certificate: cert, key }: TestCertificate): Promise<LaxServer> {
  const server = tls.createServer(
    {
      ...{ cert, key, ciphers: LAX, minVersion: 'TLSv1', maxVersion: 'TLSv1.3' },
      secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
    },
    (socket) => socket.on('error', () => undefined).resume(),
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: () => void server.close(),
  };
}
