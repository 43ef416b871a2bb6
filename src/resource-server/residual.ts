/**
 * The labels of IHE PCF's residual policy: what is forbidden beside what the scopes say (SEC-12). A policy that we cannot
 * read is none that can be kept, so the token is good for nothing.
 *
 * @returns codes with commas, none of them an empty text; `undefined`: it cannot be read
 */
export function heldBackIn(extensions: unknown): string | undefined {
  const pcf = isObject(extensions) ? extensions['ihe_pcf'] : undefined;
  const residual = isObject(pcf) ? pcf['residual'] : undefined;
  if (residual === undefined) return '';
  if (!Array.isArray(residual)) return undefined;
  const codes = residual.map((policy: unknown) => codesOf(policy));
  if (codes.includes(undefined)) return undefined;
  return [...new Set(codes.flatMap((some) => some ?? []))].toSorted().join(',');
}

function codesOf(policy: unknown): string[] | undefined {
  if (!isObject(policy) || policy['type'] !== 'forbid' || !Array.isArray(policy['securityLabel']))
    return undefined;
  const codes = policy['securityLabel'].map((label: unknown) =>
    isObject(label) ? label['code'] : undefined,
  );
  return codes.every((code) => typeof code === 'string' && code !== '') ? (codes as string[]) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
