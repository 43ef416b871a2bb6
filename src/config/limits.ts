import { z } from 'zod';

const limit = (perMinute: number) => z.number().int().min(0).max(1_000_000).default(perMinute);

/** How many requests a minute, on all nodes together; 0 is no limit. */
export const limits = z
  .strictObject({
    tokensPerClient: limit(600).describe('requests to /token; a public client has its own for each address'),
    introspectionsPerClient: limit(0).describe('requests to /introspect of one resource server'),
    launchesPerEhr: limit(100).describe('launches announced by one EHR'),
    authorizationsPerAddress: limit(300).describe('requests to /authorize from one address'),
    failuresPerAddress: limit(120).describe('requests without valid credentials from one address'),
  })
  .prefault({});
