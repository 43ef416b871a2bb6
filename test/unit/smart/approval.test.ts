import { describe, expect, test } from '@jest/globals';
import {
  askedAbout,
  decideGrant,
  describeDropped,
  formatScopeList,
  parseScopeList,
} from '../../../src/smart/index.ts';

const GOALS = 'patient/Goal.rs';

describe('seeing apart from changing', () => {
  test.each([
    // offered                                    asked about
    ['patient/*.cruds', 'patient/*.rs patient/*.cud'],
    ['patient/Goal.*', 'patient/Goal.read patient/Goal.write'],
    ['user/Goal.ru', 'user/Goal.r user/Goal.u'],
    ['patient/Goal.cs?_tag=a|b', 'patient/Goal.s?_tag=a|b patient/Goal.c?_tag=a|b'],
    ['patient/Goal.cud', 'patient/Goal.cud'],
    ['patient/*.rs patient/Goal.cruds', 'patient/*.rs patient/Goal.cud'],
    ['patient/*.cruds patient/Goal.cruds', 'patient/*.rs patient/*.cud'],
    ['patient/*.r patient/Goal.rs?_tag=a patient/Goal.s', 'patient/*.r patient/Goal.s'],
    ['user/*.uds?status=final user/*.us user/*.d', 'user/*.s user/*.u user/*.d'],
  ])('[CONS-09] %s is asked as %s', (offered, questions) => {
    const asked = askedAbout(parseScopeList(offered).scopes);
    expect(formatScopeList(asked).replaceAll('%7C', '|')).toBe(questions);
  });

  test.each([
    // offered                              ticked                                 granted                dropped
    ['patient/Goal.cruds', 'patient/Goal.rs patient/Goal.cud', 'patient/Goal.cruds', ''],
    ['patient/Goal.cruds', 'patient/Goal.rs', 'patient/Goal.rs', 'patient/Goal.cud (not-approved)'],
    ['patient/Goal.cruds', 'patient/Goal.cud', 'patient/Goal.cud', 'patient/Goal.rs (not-approved)'],
    ['patient/Goal.cruds', '', '', 'patient/Goal.cruds (not-approved)'],
    ['patient/Goal.*', 'patient/Goal.read', 'patient/Goal.read', 'patient/Goal.write (not-approved)'],
    ['patient/*.rs patient/Goal.crus', 'patient/*.rs patient/Goal.cu', 'patient/*.rs patient/Goal.crus', ''],
    ['patient/*.cruds', `${GOALS} patient/*.cud`, `${GOALS} patient/*.cud`, 'patient/*.rs (not-approved)'],
    [
      'patient/*.r patient/Goal.rs?_tag=a patient/Goal.s',
      'patient/*.r patient/Goal.s',
      'patient/*.r patient/Goal.rs?_tag=a patient/Goal.s',
      '',
    ],
    [
      'patient/*.r patient/Goal.rs?_tag=a patient/Goal.s',
      'patient/Goal.s',
      'patient/Goal.s',
      'patient/*.r (not-approved), patient/Goal.rs?_tag=a (not-approved)',
    ],
    [
      'patient/*.rs patient/Goal.crus',
      GOALS,
      GOALS,
      'patient/*.rs (not-approved), patient/Goal.cu (not-approved)',
    ],
  ])('[CONS-09] of %s, with %s ticked, %s is granted, without %s', (offered, ticked, kept, left) => {
    const { granted, dropped } = decideGrant(parseScopeList(offered).scopes, new Set(ticked.split(' ')));
    expect([formatScopeList(granted).split(' ').toSorted(), describeDropped(dropped)]).toEqual([
      kept.split(' ').toSorted(),
      left,
    ]);
  });

  test('[A069] changing is not granted to who ticked seeing, however it is posted', () => {
    const offer = parseScopeList('patient/*.rs patient/Goal.u').scopes;
    const posted = new Set(['patient/*.rs', 'patient/*.cud', 'patient/Goal.cud', 'patient/Goal.cruds']);
    expect(formatScopeList(decideGrant(offer, posted).granted)).toBe('patient/*.rs');
  });
});
