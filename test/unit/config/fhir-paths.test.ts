import { describe, expect, test } from '@jest/globals';
import { basePathOf, warningsAbout } from '../../../src/config/index.ts';

describe('the paths of FHIR base URLs', () => {
  test.each([
    ['https://fhir.example', ''],
    ['https://fhir.example/', ''],
    ['https://fhir.example/r4/', '/r4'],
    ['https://fhir.example/a/b', '/a/b'],
  ])('[DISC-01] of %s: "%s"', (url, path) => {
    expect(basePathOf({ url })).toBe(path);
  });

  test('[DISC-01] servers that share one are warned of, by their ids; others are not', () => {
    const east = { id: 'east', url: 'https://east.example/fhir' };
    const west = { id: 'west', url: 'https://west.example/fhir/' };
    const other = { id: 'other', url: 'https://west.example/r4' };
    expect(warningsAbout({ fhirServers: [east, other] })).toEqual([]);
    expect(warningsAbout({ fhirServers: [east, other, west] })).toEqual([
      'fhirServers: east, west have the same path in their URLs, so /fhir/.well-known/smart-configuration is not served; ' +
        'have their proxies or servers fetch /fhir-servers/<id>/.well-known/smart-configuration instead',
    ]);
  });
});
