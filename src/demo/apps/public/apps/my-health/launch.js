import { launch } from '../shared.js';
import { SECTIONS } from './sections.js';

launch({
  clientId: 'my-health',
  scope: [
    'launch/patient openid fhirUser offline_access patient/Patient.rs',
    ...SECTIONS.map(({ scope }) => scope),
  ].join(' '),
});
