/**
 * What a resource server is told of a token, and who may be told. Owns the rules and the words of the answer, and the port
 * through which a token is looked up; knows no HTTP and no store. Called by both doors of `/introspect`: with a client's
 * secret, and with a backend token.
 */
export { answerAbout, type IntrospectionAnswer } from './answer.ts';
export { readBasic, proves, type BasicCredentials } from './basic.ts';
export { mayBeTold, type Caller, type WhatIsAsked } from './rights.ts';
export { createTeller, type Teller } from './tell.ts';
export type { LivingToken, TokenReader } from './token.ts';
