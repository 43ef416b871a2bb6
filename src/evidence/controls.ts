/** A row of the posture. */
interface Check {
  readonly id: string;
  readonly grade: string;
  readonly finding: string;
  readonly controls: readonly string[];
}

/** What there is for one control of NIST SP 800-53. */
interface Control {
  /** Rows of compliance.md that name it: what was asked for. */
  readonly requirements: readonly string[];
  /** Rows of the posture that name it, as things stand. */
  readonly checks: readonly Pick<Check, 'id' | 'grade' | 'finding'>[];
}

const NAME = /^[A-Z]{2}-\d+(\(\d+\))?$/;
/** Its column in compliance.md. */
const NIST = 'NIST SP 800-53';

/** The matrix of controls for programs: control by control, what the page asks for and what was found. */
export function controlMatrix(
  compliance: string,
  checks: readonly Check[],
): Readonly<Record<string, Control>> {
  const rows = tableIn(compliance);
  const named = [...rows.flatMap(({ controls }) => controls), ...checks.flatMap(({ controls }) => controls)];
  const controls = [...new Set(named)].toSorted(byNumber);
  return Object.fromEntries(
    controls.map((control) => [
      control,
      {
        requirements: rows.filter((row) => row.controls.includes(control)).map(({ says }) => says),
        checks: checks
          .filter((check) => check.controls.includes(control))
          .map(({ id, grade, finding }) => ({ id, grade, finding })),
      },
    ]),
  );
}

const byNumber = (one: string, other: string): number => one.localeCompare(other, 'en', { numeric: true });

function tableIn(markdown: string): { readonly says: string; readonly controls: readonly string[] }[] {
  const rows = markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const column = rows[0]?.indexOf(NIST) ?? -1;
  return rows.flatMap((cells) => {
    const controls = (cells[column] ?? '').split(', ').filter((name) => NAME.test(name));
    return controls.length > 0 ? [{ says: cells[0] ?? '', controls }] : [];
  });
}
