/** What the resources of the demo are made of. See fhir.ts for why we name them ourselves. */
export interface Coding {
  readonly system?: string;
  readonly code: string;
  readonly display?: string;
}

export interface CodeableConcept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}

export interface Reference {
  readonly reference: string;
  readonly display?: string;
}

export interface Identifier {
  readonly type?: CodeableConcept;
  readonly system: string;
  readonly value: string;
}

export interface HumanName {
  readonly use?: 'official';
  readonly text: string;
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix?: readonly string[];
}

export interface ContactPoint {
  readonly system: 'phone' | 'email';
  readonly value: string;
  readonly use?: 'home' | 'work';
}

export interface Address {
  readonly line: readonly string[];
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
}

export interface Period {
  readonly start: string;
  readonly end?: string;
}

export interface Quantity {
  readonly value: number;
  readonly unit: string;
  readonly system: 'http://unitsofmeasure.org';
  readonly code: string;
}

export interface Resource<Type extends string> {
  readonly resourceType: Type;
  readonly id: string;
  readonly meta: {
    readonly versionId: string;
    readonly lastUpdated: string;
    readonly security?: readonly { readonly system: string; readonly code: string }[];
  };
}
