import { ownPatient, type Account } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import { standingInWords } from './acting-for.ts';
import { appView } from './app-view.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import { patientView } from './patient-view.ts';
import type { Visit } from './visit.ts';

/** Whose record an app is for: the own one, or that of somebody they act for, and by which right. */
export async function showRecords(
  visit: Visit,
  account: Account,
  parts: InteractionParts,
  error?: string,
): Promise<void> {
  const { ctx, fhirServer, standings } = visit;
  const language = languageOf(ctx);
  const own = ownPatient(account);
  const ownRecord = own === undefined ? undefined : await parts.directory(fhirServer.url).readPatient(own);
  const data = {
    app: appView(visit),
    user: { name: account.name },
    form: formOf(visit, 'patient'),
    records: [
      ...(ownRecord
        ? [{ ...patientView(ownRecord, language), actsAs: language.say('choose-record.own') }]
        : []),
      ...standings
        .filter(({ patient }) => patient.id !== own)
        .map((standing) => ({
          ...patientView(standing.patient, language),
          actsAs: standingInWords(standing, language),
        })),
    ],
    ...(error === undefined ? {} : { error }),
  };
  parts.pages.render(ctx, 'choose-record', data, error === undefined ? 200 : 422);
}
