// Makes an authority of our own and a certificate by it, for servers that only we and a test kit talk to.
const DAY_MS = 24 * 3600 * 1000;
const AUTHORITY_DAYS = 3650;
const CERTIFICATE_DAYS = 397;

/**
 * @param kind of the keys: `ec` or `rsa`
 * @returns `{ authority, certificate, key }`, each as PEM; the certificate is good for these host names and addresses
 */
export async function makeCertificate(hosts, from = new Date(), kind = 'ec') {
  // Loaded here: on a fresh clone it is there only once the dependencies are.
  const { generate } = await import('selfsigned');
  const keys = kind === 'rsa' ? { keyType: 'rsa', keySize: 2048 } : { keyType: 'ec', curve: 'P-256' };
  const common = { ...keys, algorithm: 'sha256' };
  const authority = await generate([{ name: 'commonName', value: 'Gatehouse test authority' }], {
    ...common,
    notBeforeDate: from,
    notAfterDate: daysAfter(from, AUTHORITY_DAYS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const isAddress = (host) => /^[\d.]+$|:/.test(host);
  const altNames = hosts.map((host) => (isAddress(host) ? { type: 7, ip: host } : { type: 2, value: host }));
  const { cert, private: key } = await generate([{ name: 'commonName', value: hosts[0] }], {
    ...common,
    notBeforeDate: from,
    notAfterDate: daysAfter(from, CERTIFICATE_DAYS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: kind === 'rsa' },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
    ca: { key: authority.private, cert: authority.cert },
  });
  return { authority: authority.cert, certificate: cert, key };
}

function daysAfter(date, days) {
  return new Date(date.getTime() + days * DAY_MS);
}
