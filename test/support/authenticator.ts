import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const ATTESTED = 0x40;

export interface AuthenticatorQuirks {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  /** Default: its owner showed a finger or a PIN. */
  readonly isVerified?: boolean;
  readonly crossOrigin?: boolean;
  readonly counter?: number;
  readonly userHandle?: string;
}

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id?: string | undefined };
  readonly user: { readonly id: string };
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId?: string | undefined;
}

/** A passkey as an authenticator keeps it, with a real key; what it sends is what a browser passes on. */
export class Authenticator {
  readonly id = randomBytes(16).toString('base64url');
  readonly #origin: string;
  readonly #keys: { publicKey: KeyObject; privateKey: KeyObject };
  /** 0: it does not count. */
  counter = 0;
  userHandle = '';

  constructor(origin: string) {
    this.#origin = origin;
    this.#keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  create({ challenge, rp, user }: CreationOptions, quirks: AuthenticatorQuirks = {}) {
    this.userHandle = user.id;
    const clientDataJSON = this.#clientData('webauthn.create', challenge, quirks);
    const id = Buffer.from(this.id, 'base64url');
    const credential = Buffer.concat([Buffer.alloc(16), uint16(id.length), id, this.#coseKey()]);
    const authData = this.#authData(rp.id ?? '', quirks, ATTESTED, credential);
    const attestationObject = Buffer.concat([
      ...[Buffer.of(0xa3), text('fmt'), text('none'), text('attStmt'), Buffer.of(0xa0)],
      ...[text('authData'), bytes(authData)],
    ]);
    return this.#message({
      ...{ clientDataJSON, attestationObject: attestationObject.toString('base64url') },
      transports: ['internal'],
    });
  }

  get({ challenge, rpId }: RequestOptions, quirks: AuthenticatorQuirks = {}) {
    const clientDataJSON = this.#clientData('webauthn.get', challenge, quirks);
    const authData = this.#authData(rpId ?? '', quirks, 0, Buffer.alloc(0));
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
    const signature = sign('sha256', Buffer.concat([authData, hash]), this.#keys.privateKey);
    return this.#message({
      ...{ clientDataJSON, authenticatorData: authData.toString('base64url') },
      ...{ signature: signature.toString('base64url'), userHandle: quirks.userHandle ?? this.userHandle },
    });
  }

  #message<Response>(response: Response) {
    return { id: this.id, rawId: this.id, type: 'public-key', clientExtensionResults: {}, response };
  }

  #clientData(type: string, challenge: string, quirks: AuthenticatorQuirks): string {
    const data = {
      ...{ type, challenge: quirks.challenge ?? challenge, origin: quirks.origin ?? this.#origin },
      crossOrigin: quirks.crossOrigin ?? false,
    };
    return Buffer.from(JSON.stringify(data)).toString('base64url');
  }

  #authData(rpId: string, quirks: AuthenticatorQuirks, more: number, credential: Buffer): Buffer {
    const verified = (quirks.isVerified ?? true) ? USER_VERIFIED : 0;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(quirks.counter ?? this.counter);
    const flags = Buffer.of(USER_PRESENT | verified | BACKUP_ELIGIBLE | more);
    const site = createHash('sha256')
      .update(quirks.rpId ?? rpId)
      .digest();
    return Buffer.concat([site, flags, counter, credential]);
  }

  #coseKey(): Buffer {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const part = (coordinate: string): Buffer => bytes(Buffer.from(coordinate, 'base64url'));
    // kty EC2, alg ES256, crv P-256, x, y.
    return Buffer.concat([
      Buffer.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21),
      ...[part(x), Buffer.of(0x22), part(y)],
    ]);
  }
}

function uint16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

/** CBOR: a short text. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(0x60 + value.length), Buffer.from(value)]);
}

/** CBOR: bytes. */
function bytes(value: Buffer): Buffer {
  const head =
    value.length < 256
      ? Buffer.of(0x58, value.length)
      : Buffer.concat([Buffer.of(0x59), uint16(value.length)]);
  return Buffer.concat([head, value]);
}
