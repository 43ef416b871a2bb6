import type { Language } from '../language/index.ts';
import type { PatientSummary } from './directory.ts';

/** A patient as the pages say one. */
export function patientView({ id, name, birthDate, mrn, sex }: PatientSummary, language: Language) {
  const born = dateInWords(birthDate, language);
  const words = sexInWords(sex, language);
  return {
    id,
    name,
    ...(born === undefined ? {} : { birthDate: born }),
    ...(mrn === undefined ? {} : { mrn }),
    ...(words === undefined ? {} : { sex: words }),
  };
}

/** `2008-03-20` → `20 March 2008`; a year or a year and month alone stay as they are. */
export function dateInWords(date: string | undefined, language: Language): string | undefined {
  if (date === undefined || !/^\d{4}-\d{2}-\d{2}/.test(date)) return date;
  return language.day(date.slice(0, 10));
}

function sexInWords(sex: string | undefined, { say }: Language): string | undefined {
  return sex === 'female' || sex === 'male' || sex === 'other' ? say(`patient.${sex}`) : undefined;
}
