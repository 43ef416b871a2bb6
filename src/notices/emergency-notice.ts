import type { Outbox } from '../identity/index.ts';
import type { Language } from '../language/index.ts';

/** Who opened restricted records; whose they are stands in the audit log, and in no mail. */
export interface NoticedEmergency {
  readonly username: string;
  readonly name: string;
  readonly app: string;
  readonly fhirServer: string;
  /** Names the event in the audit log. */
  readonly reference: string;
  readonly minutes: number;
}

/** @param to such as the privacy office */
export type EmergencyNotice = (to: string, emergency: NoticedEmergency) => void;

/** @param language of who is told; there is no browser to ask */
export function createEmergencyNotice(outbox: Outbox, brand: string, { say }: Language): EmergencyNotice {
  return (to, { minutes, ...who }) => {
    const text = [
      say('mail.emergency', { ...who, minutes }),
      say('mail.emergency-look', { reference: who.reference }),
    ];
    outbox.post(async () => ({
      to,
      subject: say('mail.emergency-subject', { brand }),
      text: text.join('\n\n'),
    }));
  };
}
