/** One row per patient; everything else about them follows from the row and its place in the table. */
export interface PatientRow {
  readonly id: string;
  readonly given: readonly string[];
  readonly family: string;
  readonly gender: 'female' | 'male' | 'other';
  readonly birthDate: string;
  readonly city: string;
  readonly country: string;
}

type Columns = readonly [string, string, string, PatientRow['gender'], string, string, string];

const COLUMNS: readonly Columns[] = [
  // id                given names       family               gender    born          city            country
  ['amy-shaw', 'Amy Louise', 'Shaw', 'female', '1984-05-17', 'Bristol', 'GB'],
  ['ben-okafor', 'Ben', 'Okafor', 'male', '1971-11-02', 'Leeds', 'GB'],
  ['chloe-shaw', 'Chloé', 'Shaw', 'female', '2018-03-09', 'Bristol', 'GB'],
  ['dmitri-volkov', 'Dmitri', 'Volkov', 'male', '1949-01-23', 'Riga', 'LV'],
  ['elif-yilmaz', 'Elif', 'Yılmaz', 'female', '1996-08-30', 'İzmir', 'TR'],
  ['finn-o-leary', 'Finn', 'Ó Laoghaire', 'male', '2023-06-14', 'Galway', 'IE'],
  ['siyu-chen', '思雨', '陈', 'female', '1990-12-12', 'Chengdu', 'CN'],
  ['hakan-bronte', 'Håkan', 'Brontë-Ångström', 'male', '1933-04-04', 'Malmö', 'SE'],
  ['ines-nunez', 'Inés María', 'Núñez', 'female', '2012-10-21', 'Sevilla', 'ES'],
  ['jules-martin', 'Jules', 'Martin', 'other', '2001-02-28', 'Lyon', 'FR'],
  ['kiri-tane', 'Kiri', 'Tāne', 'female', '1962-07-07', 'Rotorua', 'NZ'],
  ['lukasz-zolty', 'Łukasz', 'Żółty', 'male', '1978-09-15', 'Gdańsk', 'PL'],
];

export const PATIENT_ROWS: readonly PatientRow[] = COLUMNS.map(
  ([id, given, family, gender, birthDate, city, country]) => ({
    id,
    given: given.split(' '),
    family,
    gender,
    birthDate,
    city,
    country,
  }),
);

export interface PractitionerRow {
  readonly id: string;
  readonly given: string;
  readonly family: string;
  /** SNOMED CT code and name of the specialty. */
  readonly specialty: readonly [string, string];
}

export const PRACTITIONER_ROWS: readonly PractitionerRow[] = [
  { id: 'carla-reyes', given: 'Carla', family: 'Reyes', specialty: ['394537008', 'Paediatrics'] },
  { id: 'david-lund', given: 'David', family: 'Lund', specialty: ['419772000', 'Family practice'] },
  { id: 'mina-sato', given: 'Mina', family: 'Sato', specialty: ['394579002', 'Cardiology'] },
];
