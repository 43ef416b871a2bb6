import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';

import { bare, titlesIn } from '../../support/test-titles.ts';
import { isSetting } from './settings.ts';
import { CONTROLS, rowsOf } from './tables.ts';

/** The security page of US Core 9.0.0 (HL7, CC0): what it asks and advises, with its numbers. */
const PAGE: readonly (readonly [sentence: string, numbers?: string])[] = [
  [
    'For this reason, all US Core transactions must be secured appropriately with access to limited authorized individuals, data protected in transit, and appropriate audit measures taken.',
  ],
  ...['Communications', 'Authentication', 'Authorization/Access Control', 'Audit Logging'].map(
    (name) => [awareOf(name)] as const,
  ),
  ...['Digital Signatures', 'Security Labels', 'Narrative'].map((name) => [awareOf(name)] as const),
  [
    'Systems SHALL establish a risk analysis and management regime that conforms with HIPAA security regulatory requirements.',
    '0550, 0551',
  ],
  [
    'In addition, US Federal systems SHOULD conform with the risk management and mitigation requirements defined in NIST 800 series documents.',
    '0552, 0553',
  ],
  [
    'This SHOULD include security category assignment following NIST 800-60 vol. 2 Appendix D.14.',
    '0554, 0555',
  ],
  [
    'The coordination of risk management and the related security and privacy controls – policies, administrative practices, and technical controls – SHOULD be defined in the Business Associate Agreement when available.',
    '0556, 0557',
  ],
  [
    'Systems SHALL reference a single time source to establish a common time base for security auditing and clinical data records among computing systems.',
    '0558, 0559',
  ],
  [
    'The selected time service SHOULD be documented in the Business Associate Agreement when available.',
    '0560, 0561',
  ],
  ['Systems SHALL keep audit logs of the various transactions.', '0562, 0563'],
  [
    'Systems SHALL use TLS version 1.2 or higher for all transmissions not taking place over a secure network connection.',
    '0564, 0565',
  ],
  ['(Using TLS even within a secured network environment is still encouraged to provide defense in depth.)'],
  ['US Federal systems SHOULD conform with FIPS PUB 140-2.', '0566, 0567'],
  ['Systems SHALL conform to FHIR Communications Security requirements.', '0568, 0569'],
  [
    'For Authentication and Authorization, Systems SHALL support SMART App Launch Version 2.0.0 or later for Client <-> Server interactions.',
    '0570, 0571',
  ],
  [
    'NOTE: The SMART App Launch specifications include the required OAuth 2.0 scopes for enabling security decisions.',
  ],
  [
    'Systems SHALL implement consent requirements per their state, local, and institutional policies.',
    '0572, 0573',
  ],
  ["The Business Associate Agreements SHOULD document systems' mutual consent requirements.", '0574, 0575'],
  [
    'Systems SHOULD provide Provenance statements using the US Core Provenance Profile resource and associated requirements.',
    '0576, 0577',
  ],
  [
    'Systems MAY implement the FHIR Digital Signatures and provide feedback on its appropriateness for US Core transactions.',
    '0578, 0579',
  ],
  [
    'Systems MAY protect the confidentiality of data at rest via encryption and associated access controls.',
    '0580, 0581',
  ],
  [
    'When implementing FHIR and US Core, implementers need to be aware of the risks and tradeoffs and are encouraged to review the clinical safety section in the core specification.',
  ],
];

function awareOf(name: string): string {
  return `Implementers SHOULD be aware of these security considerations […]: ${name}`;
}

/** What stands in quotes, without what was left out of it. */
const quotedIn = (cell: string): string[] =>
  [...cell.matchAll(/“([^”]+)”/g)].flatMap(([, quoted = '']) =>
    quoted.split('[…]').map((part) => part.trim()),
  );

const ROWS = rowsOf('docs/compliance.md').filter(([says]) => says !== 'the page says');

test('[USC-17] each sentence of the page has a row of its own, in its own words and with its numbers', () => {
  const found = ROWS.map(([says = '']) => {
    const parts = quotedIn(says);
    const about = PAGE.filter(([sentence]) => parts.every((part) => sentence.includes(part)));
    return {
      says,
      parts: parts.length > 0,
      about: about.map(([sentence]) => sentence),
      numbers: about[0]?.[1],
    };
  });
  expect(found.filter(({ parts, about }) => !parts || about.length !== 1)).toEqual([]);
  expect(found.filter(({ says, numbers }) => !says.includes(numbers ? `(CONF-${numbers})` : '”'))).toEqual(
    [],
  );
  const covered = new Set(found.flatMap(({ about }) => about));
  expect(PAGE.map(([sentence]) => sentence).filter((sentence) => !covered.has(sentence))).toEqual([]);
});

test.each(ROWS)('[USC-17] %s: all of it is said, and the setting exists', (...cells) => {
  const [, feature = '', setting = '', , controls = ''] = cells;
  expect(cells).toHaveLength(7);
  expect(feature).not.toMatch(/^(–|)$/);
  const pages = [...cells.join(' ').matchAll(/\]\(([^)#]+)/g)].map(([, to]) => `docs/${to}`);
  expect(pages.filter((page) => !existsSync(page))).toEqual([]);
  const named = setting === 'always on' ? [] : setting.split(', ');
  expect(named.filter((name) => !/^`[^`]+`$/.test(name) || !isSetting(name.slice(1, -1)))).toEqual([]);
  expect(controls).toMatch(CONTROLS);
});

/** `file` “title”, “title”; `file` “title” */
const SHOWN =
  /^`test\/[\w/-]+\.test\.ts` “[^”]+”(, “[^”]+”)*(; `test\/[\w/-]+\.test\.ts` “[^”]+”(, “[^”]+”)*)*$/;

test.each(ROWS)(
  '[USC-17] %s: each test that shows it is in the file that is named',
  (_says, _what, _setting, shown = '') => {
    expect(shown).toMatch(SHOWN);
    const missing = shown.split('; ').flatMap((part) => {
      const file = /`([^`]+)`/.exec(part)?.[1] ?? '';
      if (!existsSync(file)) return [file];
      const titles = titlesIn(file).map(bare);
      return quotedIn(part)
        .filter((quoted) => !titles.some((title) => title.startsWith(quoted)))
        .map((quoted) => `${file}: ${quoted}`);
    });
    expect(missing).toEqual([]);
  },
);

test('[USC-17] a setting is found where it is, and nowhere else', () => {
  expect(['time.servers', 'audit.delivery[].maxAwayS', 'signIn.mfa.patient'].filter(isSetting)).toHaveLength(
    3,
  );
  expect(['time.server', 'audit.delivery.maxAwayS', 'times', 'fips.x'].filter(isSetting)).toEqual([]);
});
