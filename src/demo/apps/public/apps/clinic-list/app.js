import { start } from '../app.js';
import { label, showSection } from '../shared.js';

start((client) =>
  Promise.all([
    showSection(client, {
      selector: '#encounters',
      query: `Encounter?patient=${client.patient.id}&_sort=-date`,
      describe: (encounter) =>
        `${encounter.period.start.slice(0, 10)}: ${label(encounter)} (${encounter.status})`,
    }),
    showSection(client, {
      selector: '#conditions',
      query: `Condition?patient=${client.patient.id}`,
      describe: label,
    }),
    showSection(client, {
      selector: '#clinic',
      query: 'Patient?_sort=name&_count=100',
      describe: (patient) => `${patient.name[0].text}, born ${patient.birthDate}`,
    }),
  ]),
);
