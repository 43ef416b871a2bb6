/**
 * A number that JavaScript would write another way: `6.30`, `1e3`, or more digits than it holds. FHIR asks that the precision of
 * a decimal be kept, since 6.3 and 6.30 are two measurements.
 */
const MAY_CHANGE = /[:[,\s]-?(?:\d+\.\d*0(?=[\s,\]}])|\d+(?:\.\d+)?[eE]|\d{16}|\d+\.\d{15}|-0(?=[\s,\]}.]))/;

interface Source {
  readonly source?: string;
}

/** `JSON.rawJSON` and sources of values are in Node 22 and later, and not in the types yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/**
 * Reads JSON so that what is written again has the numbers it came with, digit by digit. Such a number is then an object of its
 * own, which nothing here looks into.
 *
 * @throws SyntaxError
 */
export function parseFaithfully(text: string): unknown {
  if (!MAY_CHANGE.test(text)) return JSON.parse(text) as unknown;
  const keep = (_name: string, value: unknown, context: Source | undefined): unknown => {
    const source = context?.source;
    return typeof value === 'number' && source !== undefined && String(value) !== source
      ? rawJSON(source)
      : value;
  };
  return JSON.parse(text, keep as (name: string, value: unknown) => unknown) as unknown;
}
