import { start } from '../app.js';
import { showSection } from '../shared.js';
import { SECTIONS } from './sections.js';

start((client) =>
  Promise.all(
    SECTIONS.map(({ type, filter = '', ...section }) =>
      showSection(client, { ...section, query: `${type}?patient=${client.patient.id}${filter}&_count=50` }),
    ),
  ),
);
