/** What a record names of the FHIR server it is sent to. */
const NAMED = /^(Patient|Practitioner|PractitionerRole|RelatedPerson)\//;

/**
 * References to this server as it writes them itself: a resource whose patient is an absolute address is on many servers in
 * nobody's compartment.
 */
export function relativeTo<Value>(fhirBaseUrl: string, value: Value): Value {
  const base = `${fhirBaseUrl}/`;
  const within = (reference: unknown): unknown => {
    if (typeof reference !== 'string' || !reference.startsWith(base)) return reference;
    const rest = reference.slice(base.length);
    return NAMED.test(rest) ? rest : reference;
  };
  const walk = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one).map(([name, member]) => [
        name,
        name === 'reference' && typeof member === 'string' ? within(member) : walk(member),
      ]),
    );
  };
  return walk(value) as Value;
}
