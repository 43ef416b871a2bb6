import net from 'node:net';
import tls, { type SecureVersion } from 'node:tls';

/** Offers one TLS version only; the version that was agreed on, or `refused`. */
export function agreedVersion(port: number, version: SecureVersion, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: 'localhost',
      port,
      ca,
      minVersion: version,
      maxVersion: version,
      // Without it OpenSSL would not even ask for TLS 1.1.
      ciphers: 'ALL:@SECLEVEL=0',
    });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol() ?? '');
      socket.destroy();
    });
    socket.once('error', () => resolve('refused'));
    socket.once('close', () => resolve('refused'));
  });
}

/** A server of ours that still speaks TLS 1.1: so that a refusal elsewhere is the doing of that server. */
export async function startOldServer(pair: {
  readonly certificate: string;
  readonly key: string;
}): Promise<tls.Server> {
  const server = tls.createServer(
    { cert: pair.certificate, key: pair.key, minVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    (socket) => socket.end(),
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Everything a port answers to an http request in plain text, until it hangs up. */
export function answerToPlainHttp(port: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.once('error', () => resolve(answer));
    socket.once('close', () => resolve(answer));
  });
}
