/** Median length/height in cm and weight in kg at whole years of age: enough of a curve to draw, not a reference. */
const MEDIAN: readonly (readonly [number, number])[] = [
  [50, 3.4],
  [75, 9.3],
  [87, 12],
  [95, 14.2],
  [102, 16.3],
  [109, 18.4],
  [115, 20.7],
  [121, 23.1],
  [127, 25.8],
  [132, 28.9],
  [138, 32.4],
  [143, 36.5],
  [149, 41.2],
  [156, 46.4],
  [162, 51.6],
  [167, 56.3],
  [170, 60.4],
  [172, 63.6],
  [173, 66],
];

export interface Measurement {
  readonly date: string;
  readonly ageYears: number;
  readonly heightCm: number;
  readonly weightKg: number;
}

const LAST_YEAR = 2026;
const LAST_DAY = `${LAST_YEAR}-11-01`;
const ADULT_AGE = 18;
const MAX_CHILD_POINTS = 12;

/** When a person was measured: a child at each birthday and half-birthday, an adult on the same day each year. */
export function measurementsOf(birthDate: string, index: number): Measurement[] {
  const [year = 0] = birthDate.split('-').map(Number);
  const dates = LAST_YEAR - year < ADULT_AGE ? childDates(birthDate, year) : adultDates();
  return dates.map((date) => {
    const ageYears = (Date.parse(date) - Date.parse(birthDate)) / (365.25 * 86_400_000);
    const [height, weight] = medianAt(ageYears);
    return {
      date,
      ageYears,
      heightCm: height * (0.96 + (index % 5) * 0.02),
      weightKg: weight * (0.9 + (index % 7) * 0.05),
    };
  });
}

function childDates(birthDate: string, year: number): string[] {
  const [, month = 1, day = 1] = birthDate.split('-').map(Number);
  const dates: string[] = [];
  for (let half = 0; half <= (LAST_YEAR - year) * 2; half += 1) {
    dates.push(new Date(Date.UTC(year, month - 1 + half * 6, day)).toISOString().slice(0, 10));
  }
  return dates.filter((date) => date <= LAST_DAY).slice(-MAX_CHILD_POINTS);
}

function adultDates(): string[] {
  return [3, 2, 1, 0].map((ago) => `${LAST_YEAR - ago}-10-06`);
}

function medianAt(ageYears: number): readonly [number, number] {
  const below = MEDIAN[Math.min(Math.floor(ageYears), ADULT_AGE)] ?? [173, 66];
  const above = MEDIAN[Math.min(Math.floor(ageYears) + 1, ADULT_AGE)] ?? below;
  const part = ageYears % 1;
  return [below[0] + (above[0] - below[0]) * part, below[1] + (above[1] - below[1]) * part];
}
