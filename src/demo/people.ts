/** Somebody who can sign in to the demo. The passwords are public on purpose: the data is synthetic. */
export interface DemoPerson {
  readonly username: string;
  readonly password: string;
  readonly name: string;
  readonly role: 'patient' | 'practitioner' | 'representative';
  /** Relative reference to the person's own FHIR resource. */
  readonly fhirUser: `${'Patient' | 'Practitioner' | 'Person'}/${string}`;
}

export const DEMO_PEOPLE: readonly DemoPerson[] = [
  {
    username: 'amy',
    password: 'demo-amy-1',
    name: 'Amy Louise Shaw',
    role: 'patient',
    fhirUser: 'Patient/amy-shaw',
  },
  {
    username: 'ben',
    password: 'demo-ben-1',
    name: 'Ben Okafor',
    role: 'patient',
    fhirUser: 'Patient/ben-okafor',
  },
  {
    username: 'carla',
    password: 'demo-carla-1',
    name: 'Dr Carla Reyes',
    role: 'practitioner',
    fhirUser: 'Practitioner/carla-reyes',
  },
  {
    username: 'david',
    password: 'demo-david-1',
    name: 'Dr David Lund',
    role: 'practitioner',
    fhirUser: 'Practitioner/david-lund',
  },
  {
    username: 'grace',
    password: 'demo-grace-1',
    name: 'Grace Shaw',
    role: 'representative',
    fhirUser: 'Person/grace-shaw',
  },
];
