/** So many words are searched for; more say nothing more. */
const MOST_WORDS = 6;
const ISO_DATE = /^\d{4}-\d{2}(-\d{2})?$/;
/** Day first, as it is written in most of the world; with dots nothing else is meant. */
const DOTTED_DATE = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/;
/** A number of the record, such as `1032702` or `MRN-77`: at least three digits in it. */
const NUMBER = /^(?=(?:.*\d){3})[\p{L}\d./-]+$/u;

/**
 * What somebody types into the search, in FHIR's words: a date is when the patient was born, a number is one of the record,
 * and of the name each word has to fit.
 */
export function patientQuery(query: string): [string, string][] {
  const words = query.split(/\s+/).filter((word) => /[\p{L}\d]/u.test(word));
  return words.slice(0, MOST_WORDS).map((word) => {
    const [, day = '', month = '', year] = DOTTED_DATE.exec(word) ?? [];
    if (year !== undefined) return ['birthdate', `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`];
    if (ISO_DATE.test(word)) return ['birthdate', word];
    return [NUMBER.test(word) ? 'identifier' : 'name', word];
  });
}
