const WIDTH = 640;
const HEIGHT = 260;
const PAD = 44;

/** Two lines over time, height on the left scale and weight on the right; the table below says the same in numbers. */
export function drawChart(rows) {
  const chart = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart', role: 'img' });
  chart.setAttribute('aria-label', 'Height and weight over time; the table below has the numbers');
  if (rows.length < 2) return chart;
  const times = rows.map(({ date }) => Date.parse(date));
  const x = scale(Math.min(...times), Math.max(...times), PAD, WIDTH - PAD);
  chart.append(
    svg('path', {
      class: 'axis',
      d: `M${PAD} ${PAD / 2}V${HEIGHT - PAD}H${WIDTH - PAD}V${PAD / 2}`,
      fill: 'none',
    }),
  );
  drawLine(chart, rows, 'height', x, { at: PAD - 8, anchor: 'end' });
  drawLine(chart, rows, 'weight', x, { at: WIDTH - PAD + 8, anchor: 'start' });
  chart.append(text(rows[0].date, PAD, HEIGHT - PAD + 18, 'start'));
  chart.append(text(rows.at(-1).date, WIDTH - PAD, HEIGHT - PAD + 18, 'end'));
  return chart;
}

function drawLine(chart, rows, name, x, { at, anchor }) {
  const points = rows.filter((row) => row[name] !== undefined);
  if (points.length === 0) return;
  const values = points.map((row) => row[name]);
  const [low, high] = [Math.floor(Math.min(...values) * 0.92), Math.ceil(Math.max(...values) * 1.05)];
  const y = scale(low, high, HEIGHT - PAD, PAD / 2);
  const places = points.map((row) => [x(Date.parse(row.date)), y(row[name])]);
  chart.append(svg('polyline', { class: name, points: places.map((place) => place.join(',')).join(' ') }));
  chart.append(...places.map(([cx, cy]) => svg('circle', { class: `${name}-dot`, cx, cy, r: 3.5 })));
  chart.append(text(low, at, HEIGHT - PAD, anchor), text(high, at, PAD / 2 + 8, anchor));
  const title = text(
    name === 'height' ? 'Height (cm)' : 'Weight (kg)',
    name === 'height' ? PAD : WIDTH - PAD,
    HEIGHT - 6,
  );
  title.setAttribute('class', `${name}-name`);
  title.setAttribute('text-anchor', name === 'height' ? 'start' : 'end');
  chart.append(title);
}

function scale(fromLow, fromHigh, toLow, toHigh) {
  const span = fromHigh - fromLow || 1;
  return (value) => Math.round((toLow + ((value - fromLow) / span) * (toHigh - toLow)) * 10) / 10;
}

function text(content, x, y, anchor = 'start') {
  const element = svg('text', { x, y, 'text-anchor': anchor });
  element.textContent = String(content);
  return element;
}

function svg(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
