import type { Language } from '../language/index.ts';

/** What a FHIR resource type is called; `*` is everything. */
export function typeInWords(resourceType: string, language: Language): string {
  if (resourceType === '*') return language.say('kind.all');
  const key = `kind.${resourceType}`;
  return language.knows(key)
    ? language.say(key)
    : language.say('kind.other', { name: spellOut(resourceType) });
}

/** What a category of a granular scope is called, by its code; `undefined`: it has no words. */
export function categoryInWords(code: string, language: Language): string | undefined {
  const key = `category.${code}`;
  return language.knows(key) ? language.say(key) : undefined;
}

/** `ImagingStudy` → `Imaging study`. */
export function spellOut(resourceType: string): string {
  const words = resourceType.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
