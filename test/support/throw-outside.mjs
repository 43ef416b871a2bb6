// Loaded before a server under test (`NODE_OPTIONS=--import`): throws outside of any request, once the file named in
// TEST_THROW_FILE says so: `exception`, or `rejection` for a promise that nobody waits for.
import { existsSync, readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 20;
const file = process.env.TEST_THROW_FILE ?? '';

const watch = setInterval(() => {
  if (!existsSync(file)) return;
  clearInterval(watch);
  const error = new Error('thrown by the test, outside of a request');
  if (readFileSync(file, 'utf8') === 'rejection') void Promise.reject(error);
  else throw error;
}, LOOK_EVERY_MS).unref();
