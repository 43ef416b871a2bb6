import { start } from '../app.js';
import { $, make, search } from '../shared.js';
import { drawChart } from './chart.js';

const HEIGHT = '8302-2';
const WEIGHT = '29463-7';

start(async (client) => {
  const query = `Observation?patient=${client.patient.id}&code=${HEIGHT},${WEIGHT}&_sort=date&_count=100`;
  const rows = byDate(await search(client, query));
  $('#chart').replaceChildren(drawChart(rows));
  $('#measurements').replaceChildren(...rows.map(({ date, height, weight }) => row(date, height, weight)));
});

function byDate(observations) {
  const rows = new Map();
  for (const { code, effectiveDateTime, valueQuantity } of observations) {
    const date = effectiveDateTime.slice(0, 10);
    const measured = code.coding[0].code === HEIGHT ? 'height' : 'weight';
    rows.set(date, { ...rows.get(date), date, [measured]: valueQuantity.value });
  }
  return [...rows.values()];
}

function row(date, height, weight) {
  const number = (value) => make('td', { class: 'number' }, value?.toFixed(1) ?? '–');
  return make('tr', {}, make('td', {}, date), number(height), number(weight));
}
