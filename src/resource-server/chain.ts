import { mayEverything, open, quoted, refuse, scopeFor, type Asker } from './asker.ts';
import type { Filter } from './filters.ts';
import { SHARED_TYPES, patientElementOf } from './patient-record.ts';
import { refuseParameter } from './search-parameter.ts';
import type { Refused } from './refused.ts';
import type { SearchName } from './search-name.ts';

/** Where on its way through the data a parameter stands. */
export interface Place {
  /** `*` where it may be any. */
  readonly resourceType: string;
  /** Set where only the record of this patient can be met. */
  readonly patient?: string;
}

/** What parameters of these names point to, wherever they exist. `subject`, `performer` and others point to many types. */
const TARGETS: Readonly<Record<string, readonly string[]>> = {
  beneficiary: ['Patient'],
  encounter: ['Encounter'],
  'general-practitioner': ['Organization', 'Practitioner', 'PractitionerRole'],
  location: ['Location'],
  medication: ['Medication'],
  organization: ['Organization'],
  patient: ['Patient'],
  practitioner: ['Practitioner'],
  'service-provider': ['Organization'],
};

/**
 * Why a parameter would tell of resources the token may not search, if it would. Each step of a chain or `_has` is a
 * search of its own: what it looks into must be open to `s`, whole. A part of it (one patient, a granular scope) will do
 * only where the step cannot leave that part: from a record to the patient it is about, from that patient to records
 * about them, to types that everybody shares, or where the question is the very constraint.
 *
 * @see SEM-12, SEM-14; FHIR "Search", chained parameters and reverse chaining
 */
export function refuseName(asker: Asker, name: SearchName, value: string, place: Place): Refused | undefined {
  switch (name.kind) {
    case 'plain':
      return refuseParameter(asker, name, value);
    case 'chain': {
      const confined = leadsToPatient(asker, place, name.param) && (name.type ?? 'Patient') === 'Patient';
      const targets = name.type
        ? [name.type]
        : confined
          ? ['Patient']
          : targetsOf(name.param, place.resourceType);
      if (!targets && mayEverything(asker)) return refuseName(asker, name.next, value, { resourceType: '*' });
      if (!targets) return refuse(untyped(name.param));
      return firstRefusal(targets, (type) =>
        refuseStep(asker, type, name.next, value, confined, place.patient),
      );
    }
    case 'has': {
      const fromPatient = place.resourceType === 'Patient' && place.patient !== undefined;
      const confined =
        fromPatient && leadsToPatient(asker, { resourceType: name.type, patient: '' }, name.param);
      return refuseStep(asker, name.type, name.next, value, confined, place.patient);
    }
  }
}

/** From one resource to the next: may that be searched, and may what is asked there? */
function refuseStep(
  asker: Asker,
  resourceType: string,
  next: SearchName,
  value: string,
  confined: boolean,
  patient: string | undefined,
): Refused | undefined {
  const filters = open(asker, 's', resourceType);
  const aPartWillDo = confined || SHARED_TYPES.has(resourceType);
  const needed = scopeFor(asker, ['s'], resourceType, aPartWillDo ? 'part' : 'all');
  if (filters.length === 0)
    return refuse(`this search looks into ${resourceType}, which no granted scope permits to search`, needed);
  const reached = filters.filter(
    (filter) =>
      filter.patient === undefined ||
      SHARED_TYPES.has(resourceType) ||
      (confined && filter.patient === patient),
  );
  if (reached.length === 0)
    return refuse(
      `this search looks into ${resourceType}, where it cannot be confined to the patient in context`,
      needed,
    );
  if (!reached.some((filter) => isMet(filter, next, value)))
    return refuse(
      `this search looks into ${resourceType}, where it cannot be held to a granular scope`,
      needed,
    );
  const stays = confined && patient !== undefined ? { patient } : {};
  return refuseName(asker, next, value, { resourceType, ...stays });
}

/** Is the question itself all that the granular scope asks for? */
function isMet({ constraints }: Filter, next: SearchName, value: string): boolean {
  return constraints.every(
    (one) =>
      next.kind === 'plain' && next.modifier === undefined && next.param === one.param && value === one.value,
  );
}

/** Does this parameter of a record of one patient lead to that patient, and nowhere else? */
function leadsToPatient(asker: Asker, { resourceType, patient }: Place, param: string): boolean {
  const element = patient === undefined ? undefined : patientElementOf(resourceType, asker.fhirVersion);
  if (!element || element.inexact || resourceType === 'Patient') return false;
  return param === element.search || (element.path.length === 1 && param === element.path[0]);
}

function targetsOf(param: string, resourceType: string): readonly string[] | undefined {
  // Only a Patient has one. Taken anywhere, three ways at every step would make many.
  if (param === 'general-practitioner' && resourceType !== 'Patient') return undefined;
  return Object.hasOwn(TARGETS, param) ? TARGETS[param] : undefined;
}

function untyped(param: string): string {
  return `${quoted(param)} may point to several types: name the one you mean, as in ${quoted(param)}:Patient.name`;
}

function firstRefusal<Item>(
  items: readonly Item[],
  refusalOf: (item: Item) => Refused | undefined,
): Refused | undefined {
  for (const item of items) {
    const refused = refusalOf(item);
    if (refused) return refused;
  }
  return undefined;
}
