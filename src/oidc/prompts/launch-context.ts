import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

import { needsPatient, parseScopeList } from '../../smart/index.ts';

const { Check, Prompt } = interactionPolicy;

/**
 * Says why a screen is needed when a patient must be in context. The interaction it opens also signs in and asks for
 * consent: one interaction serves all (ARCHITECTURE §6).
 */
export function launchContextPrompt(): interactionPolicy.Prompt {
  return new Prompt(
    { name: 'launch_context', requestable: false },
    new Check('patient_missing', 'a patient must be in context', (ctx: KoaContextWithOIDC) => {
      const asked = parseScopeList([...ctx.oidc.requestParamScopes].join(' ')).scopes;
      if (!needsPatient(asked)) return Check.NO_NEED_TO_PROMPT;
      return ctx.oidc.result?.consent ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    }),
  );
}
