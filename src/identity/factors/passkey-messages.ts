import { z } from 'zod';

/** More than any authenticator sends. */
const text = z.string().max(20_000);
const base = {
  id: z.string().min(1).max(1400),
  rawId: z.string().min(1).max(1400),
  type: z.literal('public-key'),
};

/** What a browser sends after `navigator.credentials.create`. Everything else in it is left out. */
export const createdPasskey = z.object({
  ...base,
  response: z.object({
    clientDataJSON: text,
    attestationObject: text,
    transports: z
      .array(z.enum(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']))
      .max(7)
      .catch([]),
  }),
});

/** What a browser sends after `navigator.credentials.get`. */
export const shownPasskey = z.object({
  ...base,
  response: z.object({
    clientDataJSON: text,
    authenticatorData: text,
    signature: text,
    userHandle: z.string().max(100).nullish(),
  }),
});

export type ShownPasskey = z.output<typeof shownPasskey>;

/** Was it made inside a frame of another site? The library looks at this only where a browser names that site. */
export function isFramed(clientDataJSON: string): boolean {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString());
    return typeof data === 'object' && data !== null && 'crossOrigin' in data && data.crossOrigin === true;
  } catch {
    return true;
  }
}
