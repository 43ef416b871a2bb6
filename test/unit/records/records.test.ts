import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';

import { bundleOf, historyOf } from '../../../src/records/index.ts';
import {
  AT,
  GRANTED,
  HOUSE,
  memoryArchive,
  newRecordKey,
  recorderOn,
  recordsOf,
} from '../../support/decisions.ts';

const scopeUri = (scope: string) => `http://smarthealthit.org/fhir/scopes/${scope}`;
const urisOf = (extension: unknown) => (extension as { valueUri: string }[]).map(({ valueUri }) => valueUri);

describe('a decision as a FHIR Consent', () => {
  test('[SEC-9] [CONS-16] who, whose, which app, what, until when, under which policy, over which text', async () => {
    const { records } = await recordsOf([GRANTED]);
    const { consent } = records[0]!;
    expect(consent).toMatchObject({
      resourceType: 'Consent',
      status: 'active',
      scope: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
      },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: 'https://fhir.example/r4/Patient/p1', display: 'Amy Shaw' },
      dateTime: AT,
      performer: [{ reference: 'https://fhir.example/r4/Patient/p1', identifier: { value: 'account-1' } }],
      organization: [{ display: 'Riverside Health' }, { display: 'Riverside records' }],
      policy: [{ uri: HOUSE.policyUri }],
      provision: {
        type: 'permit',
        period: { start: AT, end: '2027-01-15T08:00:00.000Z' },
        actor: [
          {
            role: { coding: [{ code: 'IRCP' }] },
            reference: { type: 'Device', identifier: { value: 'growth' }, display: 'Growth Chart' },
          },
        ],
        purpose: [{ code: 'PATRQT' }],
        provision: [{ type: 'deny' }],
      },
    });
    expect(urisOf(consent.provision.extension)).toEqual(GRANTED.kept.map(scopeUri));
    expect(urisOf(consent.provision.provision?.[0]?.extension)).toEqual([scopeUri('offline_access')]);
  });

  test('[SEC-9] the text is there to the byte, with its language, size and SHA-1', async () => {
    const html = '<p>Künftige Größe — ليلى</p>';
    const { records } = await recordsOf([{ ...GRANTED, shown: { html, language: 'de' } }]);
    const bytes = Buffer.from(html);
    expect(records[0]?.consent.sourceAttachment).toMatchObject({
      contentType: 'text/html;charset=utf-8',
      language: 'de',
      size: bytes.byteLength,
      hash: createHash('sha1').update(bytes).digest('base64'),
      title: expect.stringContaining('text version 1'),
    });
    expect(Buffer.from(records[0]!.consent.sourceAttachment!.data, 'base64').equals(bytes)).toBe(true);
  });

  test('[SEC-9] what PCF does not have is not there', async () => {
    const { records } = await recordsOf([GRANTED]);
    const text = JSON.stringify(records[0]?.consent);
    for (const name of ['verification', 'action', 'class', 'securityLabel'])
      expect(text).not.toContain(`"${name}":`);
  });

  test('[SEC-9] of nobody in particular: no patient is made up, and the scope asks for none', async () => {
    const { patient: _nobody, ...forMany } = GRANTED;
    const person = {
      accountId: 'd',
      name: 'Dr D',
      role: 'practitioner',
      fhirUser: 'Practitioner/d1',
    } as const;
    const { records } = await recordsOf([{ ...forMany, person, kept: ['user/Patient.rs'], refused: [] }]);
    const { consent, provenance } = records[0]!;
    expect(consent).not.toHaveProperty('patient');
    expect(consent['scope']).toEqual({ text: expect.any(String) });
    expect(consent.provision).not.toHaveProperty('provision');
    expect(consent.provision).not.toHaveProperty('purpose');
    expect(provenance['agent']).toContainEqual(
      expect.objectContaining({
        who: expect.objectContaining({ reference: 'https://fhir.example/r4/Practitioner/d1' }),
        onBehalfOf: expect.objectContaining({ display: HOUSE.name }),
      }),
    );
  });

  test('[SEC-9] a refusal denies all that was asked for', async () => {
    const { records } = await recordsOf([
      { ...GRANTED, kind: 'refused', kept: [], refused: ['patient/*.rs'] },
    ]);
    const { consent } = records[0]!;
    expect(consent).toMatchObject({ status: 'rejected', provision: { type: 'deny' } });
    expect(urisOf(consent.provision.extension)).toEqual([scopeUri('patient/*.rs')]);
  });
});

describe('a decision as a FHIR Provenance', () => {
  test('[SEC-10] it names the version, who decided, who passes it on, and who drew it up', async () => {
    const { records } = await recordsOf([GRANTED]);
    const { consent, provenance } = records[0]!;
    expect(provenance).toMatchObject({
      target: [{ reference: `Consent/${consent.id}/_history/${consent.meta.versionId}` }],
      recorded: AT,
      occurredDateTime: AT,
      policy: [HOUSE.policyUri],
      activity: { coding: [{ code: 'CREATE' }] },
      agent: [
        { type: { coding: [{ code: 'author' }] }, who: { identifier: { value: 'account-1' } } },
        { type: { coding: [{ code: 'transmitter' }] }, who: { type: 'Organization' } },
        {
          type: { coding: [{ code: 'assembler' }] },
          who: { type: 'Device' },
          onBehalfOf: { type: 'Organization' },
        },
      ],
      signature: [
        {
          type: [{ system: 'urn:iso-astm:E1762-95:2013', code: '1.2.840.10065.1.12.1.7' }],
          when: AT,
          who: { type: 'Device' },
          onBehalfOf: { display: 'Amy Shaw' },
          sigFormat: 'application/jose',
          targetFormat: expect.stringMatching(/^application\/fhir\+json;canonicalization=.*#static$/),
        },
      ],
    });
    expect(provenance).not.toHaveProperty('entity');
  });

  test.each(['ES256', 'ES384'] as const)('[SEC-10] the signature is a detached JWS with %s', async (alg) => {
    const { records } = await recordsOf([GRANTED], alg);
    const jws = Buffer.from(records[0]!.provenance.signature[0]!.data!, 'base64').toString();
    const [header = '', payload, proof = ''] = jws.split('.');
    expect([payload, proof.length > 80]).toEqual(['', true]);
    expect(decodeProtectedHeader(`${header}..`)).toMatchObject({
      alg,
      kid: 'rec-1',
      iat: Date.parse(AT) / 1000,
      srCms: [{ commId: { id: 'urn:oid:1.2.840.10065.1.12.1.7' } }],
    });
  });

  test('[SEC-9] [SEC-10] a change and a stop are versions of the same Consent, each naming the one before', async () => {
    const changed = { ...GRANTED, kind: 'changed', kept: ['patient/Observation.rs'] } as const;
    const { shown: _page, ...unseen } = GRANTED;
    const stopped = { ...unseen, kind: 'stopped', by: 'operator', kept: [], refused: GRANTED.kept } as const;
    const { records } = await recordsOf([GRANTED, changed, stopped]);
    const [first, second, third] = records;
    expect(new Set(records.map(({ consent }) => consent.id)).size).toBe(1);
    expect(records.map(({ consent }) => consent.meta.versionId[0])).toEqual(['1', '2', '3']);
    expect(second?.provenance).toMatchObject({
      activity: { coding: [{ code: 'UPDATE' }] },
      entity: [{ role: 'revision', what: { reference: first?.provenance.target[0]?.reference } }],
    });
    expect(third?.provenance).toMatchObject({
      activity: { coding: [{ code: 'DELETE' }] },
      entity: [{ what: { reference: second?.provenance.target[0]?.reference } }],
    });
    expect(third?.consent).toMatchObject({ status: 'inactive', provision: { type: 'deny' } });
    // Stopping needs no words: what it takes back was said on the page before.
    expect(third?.consent.sourceAttachment).toEqual(second?.consent.sourceAttachment);
    expect((third?.provenance['agent'] as { who: unknown }[])[0]?.who).toMatchObject({
      type: 'Organization',
    });
  });

  test('[SEC-10] the key is kept before anything is signed with it; without it nothing is', async () => {
    const archive = memoryArchive();
    const recorder = recorderOn(
      { ...archive, keepKey: () => Promise.reject(new Error('the disk is full')) },
      await newRecordKey('rec-1'),
    );
    await expect(recorder.keep(GRANTED)).rejects.toThrow('the disk is full');
    expect(archive.rows).toEqual([]);
  });
});

describe('reading back', () => {
  test('[CONS-16] newest first, each with what it was about', async () => {
    const withdrawn = { ...GRANTED, kind: 'withdrawn', reference: 'other' } as const;
    const refused = {
      ...GRANTED,
      kind: 'refused',
      kept: [],
      refused: ['patient/*.rs'],
      reference: 'third',
    } as const;
    const { records } = await recordsOf([GRANTED, withdrawn, refused]);
    expect(historyOf(records)).toMatchObject([
      { kind: 'refused', kept: [], refused: ['patient/*.rs'] },
      { kind: 'withdrawn' },
      {
        kind: 'granted',
        ...{ at: AT, until: '2027-01-15T08:00:00.000Z', clientId: 'growth', clientName: 'Growth Chart' },
        ...{ patient: 'Amy Shaw', fhirServer: 'Riverside records', reference: GRANTED.reference },
        ...{ kept: GRANTED.kept, refused: GRANTED.refused },
      },
    ]);
  });

  test('a Bundle has each version once', async () => {
    const { records } = await recordsOf([GRANTED, { ...GRANTED, kind: 'changed' }]);
    const bundle = bundleOf(records, HOUSE.issuer, AT) as {
      entry: { fullUrl: string; resource: { meta?: { versionId: string } } }[];
    };
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'collection' });
    const names = bundle.entry.map(({ fullUrl, resource }) => `${fullUrl} ${resource.meta?.versionId ?? ''}`);
    expect(new Set(names).size).toBe(4);
  });
});
