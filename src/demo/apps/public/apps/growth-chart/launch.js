import { launch } from '../shared.js';

launch({
  clientId: 'growth-chart',
  scope:
    'launch openid fhirUser offline_access patient/Patient.rs patient/Encounter.rs patient/Observation.rs',
});
