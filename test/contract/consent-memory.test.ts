import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConsentMemory, RememberedDecision } from '../../src/consent/index.ts';
import {
  SealBroken,
  StoreUnavailable,
  createConsentMemory,
  createStoreKeys,
  createVault,
  type StoreDriver,
} from '../../src/store/index.ts';
import { key } from '../../src/store/keys.ts';
import { PLACES, type Place } from './stores.ts';

const DECIDED: RememberedDecision = {
  fhirBaseUrl: 'https://fhir.example/r4',
  offered: 'patient/Observation.rs',
  kept: '',
  decidedAt: 1,
  left: { out: ['patient/Observation.rs'], shared: [] },
};

describe.each(PLACES)('what people decided about apps, on %s', (_name, makePlace) => {
  const keys = createStoreKeys(randomBytes(32));
  const name = key.agreed('amy', keys.keyedHash('agreed', 'app'));
  let place: Place;
  let driver: StoreDriver;
  let memory: ConsentMemory;
  beforeAll(async () => {
    place = await makePlace();
    driver = await place.open();
    memory = createConsentMemory(createVault(driver, keys));
  });
  afterAll(() => place.clear());

  test('is known of this app and this person only', async () => {
    await memory.save('amy', 'app', [DECIDED]);
    expect(await memory.of('amy', 'app')).toEqual([DECIDED]);
    expect(await memory.ifReadable('amy', 'app')).toEqual([DECIDED]);
    expect([await memory.of('amy', 'other'), await memory.ifReadable('ben', 'app')]).toEqual([[], []]);
  });

  test('[REV-01] an edited one is an alarm to who asks by it, and nothing to who takes something back', async () => {
    await driver.put({ key: name, value: Buffer.from('{"not":"sealed"}'), ttlSeconds: 60 });
    await expect(memory.of('amy', 'app')).rejects.toThrow(SealBroken);
    expect(await memory.ifReadable('amy', 'app')).toBeUndefined();
  });

  test('[REV-01] a store that is away is not taken for an edited value', async () => {
    await memory.save('amy', 'app', [DECIDED]);
    await place.takeAway(driver);
    await expect(memory.ifReadable('amy', 'app')).rejects.toThrow(StoreUnavailable);
  });
});
