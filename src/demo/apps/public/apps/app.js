/* global FHIR */
import { $, run, showGrant, showPatient } from './shared.js';

/** Runs a sample app: finishes the launch, shows what came, and wires the two buttons. */
export function start(show) {
  let refreshes = 0;
  run(async () => {
    const client = await FHIR.oauth2.ready();
    const load = async () => {
      showGrant(client);
      showPatient(await readPatient(client), client);
      await show(client);
    };
    $('#again').addEventListener('click', () => run(load));
    $('#refresh').addEventListener('click', () =>
      run(async () => {
        await client.refresh();
        refreshes += 1;
        $('#refreshed').textContent = `${refreshes} ${refreshes === 1 ? 'time' : 'times'}`;
        showGrant(client);
      }),
    );
    await load();
  });
}

function readPatient(client) {
  if (!client.patient.id) throw new Error('no patient came with the token');
  return client.request(`Patient/${client.patient.id}`);
}
