// The proxy's own routes, by the cookie of the sign-in. The master key itself is never kept here.

export const BASE = new URL(".", document.baseURI);

/** The address of a route, as the browser asks for it. */
export const at = (path, query = {}) => {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  return url.href;
};

export class Refused extends Error {
  constructor(status, message, code) {
    super(message);
    Object.assign(this, { status, code });
  }
}

const ask = async (path, { query, ...options } = {}) => {
  let answer;
  try {
    answer = await fetch(at(path, query), { credentials: "same-origin", ...options });
  } catch {
    throw new Refused(0, "The proxy does not answer.", "offline");
  }
  const body = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, body?.error?.message ?? `It answered ${answer.status}.`, body?.error?.code);
  return body;
};

export const get = (path, query) => ask(path, { query });
export const send = (path, body, method = "POST") =>
  ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) });
