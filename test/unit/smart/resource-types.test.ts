import { expect, test } from '@jest/globals';
import { FHIR_VERSIONS, isResourceType, parseScope, resourceTypesOf } from '../../../src/smart/index.ts';

test.each([
  // type                in R4, R4B, R5
  ['Patient', '4.0.1 4.3.0 5.0.0'],
  ['Media', '4.0.1 4.3.0'],
  ['MedicinalProduct', '4.0.1'],
  ['SubstanceDefinition', '4.3.0 5.0.0'],
  ['SubstanceProtein', '4.0.1 5.0.0'],
  ['DeviceUsage', '5.0.0'],
  ['Unicorn', ''],
])('[SCO-06] %s is a type of %s', (type, versions) => {
  expect(FHIR_VERSIONS.filter((version) => resourceTypesOf(version).has(type)).join(' ')).toBe(versions);
  expect(isResourceType(type)).toBe(versions !== '');
  expect(parseScope(`patient/${type}.rs`).ok).toBe(versions !== '');
});

test.each([
  ['patient/Observation.rs?_tag=urn:tags|study', true],
  ['patient/Observation.rs?_security=R', true],
  ['patient/Observation.rs?_list=42', false],
  ['patient/Observation.rs?_filter=x', false],
  ['patient/Observation.rs?_has=x', false],
])('[SCO-12] %s can be held to: %s', (scope, ok) => {
  expect(parseScope(scope).ok).toBe(ok);
});
