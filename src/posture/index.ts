/**
 * How safe a running installation is, judged from its settings and from what was found when it was looked at: a row for each
 * thing that can weaken it, with what to do. Pure: who asks gathers the facts. Called by the command line.
 */
export { judge, postureSchema, type Check, type Facts, type Posture } from './posture.ts';
export { inWords } from './in-words.ts';
