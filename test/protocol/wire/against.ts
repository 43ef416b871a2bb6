import { differences, normalise } from './compare.ts';
import { DEVIATIONS } from './deviations.ts';
import { example, type ExampleName } from './examples.ts';

/** Names of the examples for what is called differently in each run. */
const EXAMPLE_PLACES = {
  'https://auth.ehr.example': '<issuer>',
  'https://portal.ehr.example/connected-apps': '<issuer>/apps',
  'https://ehr.example/fhir/r4': '<fhir>',
  'https://growth.example/cb': '<app>',
  'https://spa.example': '<origin>',
  '87a339d0': '<patient>',
  'enc-20261121-7': '<encounter>',
  'prac-19': '<practitioner>',
};

/** What is unlike the example and not listed as a deviation, and what is listed and does not hold any more. */
export function against(
  name: ExampleName,
  answer: unknown,
  places: Readonly<Record<string, string>>,
): string[] {
  const found = differences(normalise(example(name), EXAMPLE_PLACES), normalise(answer, places));
  const listed = DEVIATIONS.filter(({ of }) => of.includes(name)).flatMap(({ how, at }) =>
    at.map((path) => ({ how, path })),
  );
  const covers = (one: (typeof listed)[number], { how, at }: (typeof found)[number]): boolean =>
    one.how === how && (one.path.endsWith('*') ? at.startsWith(one.path.slice(0, -1)) : at === one.path);
  return [
    ...found
      .filter((difference) => !listed.some((one) => covers(one, difference)))
      .map(({ at, says }) => `${at}: ${says}`),
    ...listed
      .filter((one) => !found.some((difference) => covers(one, difference)))
      .map(({ how, path }) => `${path}: is listed as ${how} and is not`),
  ];
}
