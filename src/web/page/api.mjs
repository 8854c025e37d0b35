/** Asks the daemon that served this page. Addresses are relative, so that it may stand behind a proxy. */

/** A refusal of the daemon, with what is allowed. */
export class Refused extends Error {
  constructor(status, { error, faults = [] }) {
    super(
      [
        error,
        ...faults.map(({ path, found, allowed }) => `${path}: found ${found}; allowed: ${allowed}`),
      ].join('. '),
    );
    this.status = status;
    /** Of a parameter each: `{ path, found, allowed }`. */
    this.faults = faults;
  }
}

/**
 * An answer of the API.
 * @throws Refused where it says why it has none; TypeError where nobody answers
 */
export async function ask(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given);
  const response = await fetch(`api/v1/${path}${given.length === 0 ? '' : `?${query}`}`, {
    cache: 'no-store',
  });
  if (response.ok) return response.json();
  const text = await response.text();
  let refusal = { error: text.trim() };
  try {
    refusal = JSON.parse(text);
  } catch {
    // A text of its own: it was not the API that answered.
  }
  throw new Refused(response.status, refusal);
}

/** Calls `tell` with each event of the stream, and `lose` whenever the connection is gone; it is made again by itself. */
export function listen(tell, lose) {
  const source = new EventSource('api/v1/stream');
  source.addEventListener('message', ({ data }) => tell(JSON.parse(data)));
  source.addEventListener('error', () => {
    lose();
    // Refused for good, as too many listen: browsers do not try again by themselves.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(tell, lose), 5000);
  });
}

/** Calls `look` now and then, while the page is seen. @param everyMs after the end of a look */
export function repeat(look, everyMs) {
  const turn = async () => {
    if (!document.hidden) await look();
    setTimeout(turn, everyMs);
  };
  void turn();
}
