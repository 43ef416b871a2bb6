// Loaded before a server under test (`NODE_OPTIONS=--import`): moves its clock by the milliseconds that the file named in
// TEST_CLOCK_FILE holds, as a step of the machine's clock would. The monotonic clock stays as it is.
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 20;
const file = process.env.TEST_CLOCK_FILE ?? '';
const RealDate = Date;
const realNow = Date.now;
let shift = 0;

const look = () => {
  try {
    shift = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    shift = 0;
  }
};
look();
setInterval(look, LOOK_EVERY_MS).unref();

const now = () => realNow() + shift;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
