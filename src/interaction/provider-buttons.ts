import { languageOf } from '../language/index.ts';
import { signInProblemInWords } from '../upstream/index.ts';
import type { ProviderDoor } from './parts.ts';
import type { Visit } from './visit.ts';

/** The buttons of the sign-in page. */
export function providersOn({ fhirServer }: Visit, door: ProviderDoor): object {
  const providers = door.choices(fhirServer.id).map(({ id, name }) => ({ id, name }));
  return { providers, ...(door.takesPasswords(fhirServer.id) ? {} : { noPasswords: true }) };
}

/** Why the last try with a provider came to nothing. */
export function problemOn({ ctx, progress, fhirServer }: Visit, door: ProviderDoor): object {
  const { notSignedIn: failed } = progress;
  const provider = door.choices(fhirServer.id).find(({ id }) => id === failed?.provider);
  if (!failed || !provider) return {};
  return { error: signInProblemInWords(failed.problem, provider.name, languageOf(ctx)) };
}
