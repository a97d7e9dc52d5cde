/** The requests of a screen at the entrance: quick to give up, for the next comes soon. */

const TRY_MS = 8000;

/** The link does not open anything (any more). */
export class LinkRefused extends Error {}

/** No answer, or none that can be used now; the next try may get one. */
export class NoAnswer extends Error {}

/** One request to `path`; with `body` a POST. The answer's object. Throws LinkRefused, NoAnswer. */
export async function ask(path, body) {
  const aborter = new AbortController();
  const clock = setTimeout(() => aborter.abort(), TRY_MS);
  try {
    const answer = await fetch(path, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: aborter.signal,
    });
    if (answer.status === 403) throw new LinkRefused();
    if (!answer.ok) throw new NoAnswer();
    return await answer.json();
  } catch (error) {
    throw error instanceof LinkRefused ? error : new NoAnswer();
  } finally {
    clearTimeout(clock);
  }
}
