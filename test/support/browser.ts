/** A browser as far as the protocol needs one: keeps cookies by path, follows no redirect unasked. */
export class CookieBrowser {
  readonly #cookies = new Map<string, { value: string; path: string }>();

  async get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(url, { method: 'GET', headers: { accept: 'text/html', ...headers } });
  }

  async post(
    url: string,
    form: Record<string, string | string[]>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(form))
      for (const one of [value].flat()) body.append(name, one);
    const own = { accept: 'text/html', origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' };
    return this.#send(url, { method: 'POST', body, headers: { ...own, ...headers } });
  }

  /** The cookies that go with a request to this address. */
  cookieHeader(url: string): string {
    const { pathname } = new URL(url);
    return [...this.#cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name.split('\n')[0] ?? ''}=${value}`)
      .join('; ');
  }

  async #send(url: string, init: RequestInit & { headers: Record<string, string> }): Promise<Response> {
    const cookie = this.cookieHeader(url);
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, ...(cookie ? { cookie } : {}) },
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    const path =
      attributes
        .find((one) => /^\s*path=/i.test(one))
        ?.split('=')[1]
        ?.trim() ?? '/';
    const name = `${pair.slice(0, at)}\n${path}`;
    if (/expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name);
    else this.#cookies.set(name, { value: pair.slice(at + 1), path });
  }
}

/** The fields of the page's main form, as a browser would send them: hidden ones and what is ticked. */
export function formFields(html: string): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const [tag] of html.matchAll(/<input\b[^>]*>/g)) {
    const type = attribute(tag, 'type');
    if (type === 'hidden' || (type === 'checkbox' && /\schecked(\s|>|=)/.test(tag))) {
      (fields[attribute(tag, 'name')] ??= []).push(attribute(tag, 'value'));
    }
  }
  return fields;
}

function attribute(tag: string, name: string): string {
  const [, value = ''] = new RegExp(`\\s${name}="([^"]*)"`).exec(tag) ?? [];
  return value
    .replaceAll('&amp;', '&')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&#39;', "'");
}
