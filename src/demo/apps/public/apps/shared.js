/* global FHIR */

export const $ = (selector) => document.querySelector(selector);

/** Says how far we are, for people and for tests: `working`, `ready` or `error: …`. */
export function setStatus(text) {
  $('#status').textContent = text;
  for (const button of document.querySelectorAll('button')) button.disabled = text === 'working';
}

/** Runs one piece of work and shows how it ended. */
export async function run(work) {
  setStatus('working');
  try {
    await work();
    setStatus('ready');
  } catch (error) {
    setStatus(`error: ${error?.message ?? error}`);
  }
}

/** Sends the browser to the authorization server; `iss` and `launch` come from the URL in an EHR launch. */
export function launch({ clientId, scope }) {
  return run(async () => {
    const config = await (await fetch('/apps/config.json')).json();
    const isEhrLaunch = new URLSearchParams(location.search).has('iss');
    await FHIR.oauth2.authorize({
      ...(isEhrLaunch ? {} : { iss: config.fhirBaseUrl }),
      clientId,
      scope,
      redirectUri: new URL('index.html', location.href).href.split('?')[0],
      pkceMode: 'required',
      completeInTarget: true,
    });
    // The page is being left; "ready" would be a lie.
    await new Promise(() => {});
  });
}

const SECRET = ['access_token', 'refresh_token', 'id_token'];

/** Shows what came with the token, without the token. */
export function showGrant(client) {
  const answer = client.state.tokenResponse ?? {};
  $('#scopes').textContent = String(answer.scope ?? '')
    .split(' ')
    .join('\n');
  $('#user').textContent = client.getFhirUser() ?? 'not told';
  setText('#encounter', answer.encounter ?? 'none');
  setText('#intent', answer.intent ?? 'none');
  const shown = Object.entries(answer).map(([name, value]) => [
    name,
    SECRET.includes(name) ? '(hidden)' : value,
  ]);
  setText('#token-response', JSON.stringify(Object.fromEntries(shown), null, 2));
}

function setText(selector, text) {
  const element = $(selector);
  if (element) element.textContent = text;
}

/** The patient banner; hidden when the EHR shows one itself (`need_patient_banner: false`). */
export function showPatient(patient, client) {
  $('#patient-name').textContent = patient.name?.[0]?.text ?? patient.id;
  $('#patient-facts').textContent = `born ${patient.birthDate}, ${patient.gender}, ${mrnOf(patient)}`;
  $('#banner').hidden = client.state.tokenResponse.need_patient_banner === false;
}

function mrnOf(patient) {
  return patient.identifier?.[0]?.value ?? 'no record number';
}

/** All matches of a search, page after page. */
export function search(client, query) {
  return client.request(query, { pageLimit: 0, flat: true });
}

export function label(resource) {
  const concept = resource.code ?? resource.medicationCodeableConcept ?? resource.type?.[0];
  return concept?.text ?? concept?.coding?.[0]?.display ?? resource.id;
}

/** The value of an observation in words. */
export function valueOf(observation) {
  if (observation.valueQuantity)
    return `${observation.valueQuantity.value} ${observation.valueQuantity.unit}`;
  if (observation.component)
    return observation.component.map(({ valueQuantity }) => valueQuantity.value).join(' / ');
  return observation.valueCodeableConcept?.text ?? '';
}

/** Makes an element: `make('p', { class: 'soft' }, 'text', child)`. */
export function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Fills a section with a list, or says plainly why there is none. */
export async function showSection(client, { selector, query, describe, scope }) {
  const section = $(selector);
  section.querySelector('.content')?.remove();
  const content = make('div', { class: 'content' });
  try {
    const found = await search(client, query);
    const items = found.map((resource) => make('li', {}, describe(resource)));
    content.append(
      items.length > 0 ? make('ul', { class: 'plain' }, ...items) : make('p', {}, nothing(client, scope)),
    );
  } catch (error) {
    // 401 ends the session; only a 403 is an answer about this section.
    if (error.status !== 403) throw error;
    content.append(make('p', { class: 'refused' }, 'Not allowed (403): this was not shared with the app.'));
  }
  section.append(content);
}

function nothing(client, scope) {
  const granted = String(client.state.tokenResponse.scope ?? '').split(' ');
  return scope === undefined || granted.includes(scope)
    ? 'Nothing recorded.'
    : 'Nothing here was shared with the app.';
}
