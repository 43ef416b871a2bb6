import type { Address } from '../data/fhir-elements.ts';
import type { DemoResource } from '../data/fhir.ts';

/** Letters whose stroke or missing dot Unicode does not take apart. */
const PLAIN: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', đ: 'd', ı: 'i', ß: 'ss', æ: 'ae', œ: 'oe' };

/** Without case and accents, as FHIR string searches compare: `Żółty` → `zolty`. */
export function foldText(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[łøđıßæœ]/g, (letter) => PLAIN[letter] ?? letter);
}

/** The display name of a resource that has one, else nothing. */
export function nameOf(resource: DemoResource): string {
  if (!('name' in resource)) return '';
  return typeof resource.name === 'string' ? resource.name : (resource.name[0]?.text ?? '');
}

/** Each part of the addresses of a place. */
export function addressOf(resource: DemoResource): readonly string[] {
  if (resource.resourceType === 'Location') return partsOf(resource.address);
  return resource.resourceType === 'Organization' ? resource.address.flatMap(partsOf) : [];
}

function partsOf({ line, city, postalCode, country }: Address): string[] {
  return [...line, city, postalCode, country];
}
