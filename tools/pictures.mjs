// `npm run pictures`: draws docs/images/screens anew, all of them; a test run draws those whose page has changed.
import { makeReady } from './ready.mjs';
import { jest, runStep } from './run.mjs';

const node = makeReady();
process.env.PICTURES = 'all';
const args = jest('test/views/accessibility');
process.exit(runStep(node, 'pictures', node, args) ? 0 : 1);
