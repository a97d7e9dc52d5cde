/** Requests to the voters' API, tried again for as long as it takes. */

const TRY_MS = 20000;
const PAUSES_S = [1, 2, 4, 8, 15, 30];

/** The server refused: `code` of its JSON error, `status`, `pause` in seconds if it named one. */
export class Refusal extends Error {
  constructor(code, status, pause) {
    super(code);
    this.code = code;
    this.status = status;
    this.pause = pause;
  }
}

/** The attempt was given up by this page. */
export class Stopped extends Error {}

/** Whether trying the same request again may help without anyone doing anything. */
function passes(refusal) {
  return (
    refusal.status >= 500 || refusal.status === 429 || refusal.status === 408 || refusal.status === 0
  );
}

/**
 * One request. `path` follows /api/v1/meetings/; with a `body` (an object) it is a POST.
 * Returns the answer's object; throws Refusal: status 0 and code `network_lost` where no answer
 * came, `network_foreign` where it came from something else than this system.
 */
export async function ask(path, body, signal) {
  const aborter = new AbortController();
  const giveUp = () => aborter.abort();
  const clock = setTimeout(giveUp, TRY_MS);
  if (signal) signal.addEventListener("abort", giveUp);
  try {
    const answer = await fetch(`/api/v1/meetings/${path}`, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: aborter.signal,
    });
    const text = await answer.text();
    return readAnswer(answer, text);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("network_lost", 0);
  } finally {
    clearTimeout(clock);
    if (signal) signal.removeEventListener("abort", giveUp);
  }
}

function readAnswer(answer, text) {
  let data = null;
  try {
    data = JSON.parse(text);
  } catch (error) {
    // A proxy's own page; its status says what kind.
  }
  if (answer.ok && data !== null && typeof data === "object") return data;
  if (answer.ok) throw new Refusal("network_foreign", 0);
  const named = data && typeof data.error === "string" ? data.error : "other";
  const code = answer.status >= 500 ? "server_busy" : named;
  throw new Refusal(code, answer.status, Number(answer.headers.get("Retry-After")) || 0);
}

/**
 * Repeats `task(signal)` while its failure is a passing one, with growing pauses.
 * `onPause({code, tries})` is told before each pause. Returns `{result, hurry, stop}`:
 * a promise (rejected with the Refusal that no repetition mends, or Stopped), a function that
 * ends the present pause, and one that gives up.
 */
export function keepTrying(task, onPause) {
  const aborter = new AbortController();
  let endPause = () => {};
  const pause = (seconds) =>
    new Promise((resolve) => {
      const clock = setTimeout(resolve, seconds * 1000);
      endPause = () => {
        clearTimeout(clock);
        resolve();
      };
    });
  const hurry = () => endPause();

  async function run() {
    for (let tries = 1; ; tries++) {
      try {
        return await task(aborter.signal);
      } catch (error) {
        if (aborter.signal.aborted) throw new Stopped();
        if (!(error instanceof Refusal) || !passes(error)) throw error;
        onPause({ code: error.code, tries });
        const regular = PAUSES_S[Math.min(tries, PAUSES_S.length) - 1];
        // Spread out, or a hall of phones comes back in the same instant.
        await pause(Math.max(Math.min(error.pause || 0, 60), regular) * (0.8 + Math.random() * 0.4));
        if (aborter.signal.aborted) throw new Stopped();
      }
    }
  }

  window.addEventListener("online", hurry);
  const forget = () => window.removeEventListener("online", hurry);
  const result = run();
  result.then(forget, forget);
  return {
    result,
    hurry,
    stop: () => {
      aborter.abort();
      endPause();
    },
  };
}
