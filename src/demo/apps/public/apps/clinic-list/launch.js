import { launch } from '../shared.js';

// The same app from the EHR (`launch`) or on its own (`launch/patient`: the server lets the clinician pick).
const context = new URLSearchParams(location.search).has('launch') ? 'launch' : 'launch/patient';
launch({ clientId: 'clinic-list', scope: `${context} user/*.rs openid fhirUser online_access` });
