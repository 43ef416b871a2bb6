// jest runs tests in a vm context, where structuredClone returns objects of the outer realm; oidc-provider
// then does not recognise the keys of a cloned client as plain objects (jestjs/jest#14074, nodejs/node#55554).
const native = globalThis.structuredClone;
const rehome = (value) => {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return Array.from(value, rehome);
  if (Object.prototype.toString.call(value) !== '[object Object]') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rehome(member)]));
};
globalThis.structuredClone = (value, options) => rehome(native(value, options));
