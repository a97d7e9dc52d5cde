/** The stream of pictures, which comes back by itself whatever happens to server and network. */

const SILENCE_MS = 40000;
const GRACE_MS = 3000;
const PAUSES_MS = [2000, 3000, 5000, 10000];

/**
 * Follows the stream under `base`. `on.picture(object)` for each picture, `on.lost()` when the
 * connection has been gone for some seconds, `on.back()` when it is there again, `on.revoked()`
 * when the link is no longer good. Returns a function that ends it.
 */
export function follow(base, on) {
  let source = null;
  let heard = Date.now();
  let tries = 0;
  let grace = null;
  let later = null;
  let over = false;

  const alive = () => {
    heard = Date.now();
    tries = 0;
    clearTimeout(grace);
    grace = null;
    on.back();
  };
  const missing = () => {
    if (grace === null) grace = setTimeout(on.lost, GRACE_MS);
  };

  function open() {
    heard = Date.now();
    source = new EventSource(`${base}/events`);
    source.onmessage = (event) => {
      alive();
      on.picture(JSON.parse(event.data));
    };
    source.addEventListener("beat", alive);
    source.onerror = () => {
      if (over) return;
      missing();
      // A refusal (and in some browsers a lost network) ends the source for good.
      if (source.readyState === EventSource.CLOSED) reopen();
    };
  }

  function reopen() {
    source.close();
    clearTimeout(later);
    const pause = PAUSES_MS[Math.min(tries++, PAUSES_MS.length - 1)];
    later = setTimeout(async () => {
      const status = await statusOf(base);
      if (over) return;
      if (status === 403 || status === 404) {
        end();
        on.revoked();
      } else if (status === 200) open();
      else reopen();
    }, pause);
  }

  function end() {
    over = true;
    clearTimeout(grace);
    clearTimeout(later);
    clearInterval(watchdog);
    source.close();
  }

  const watchdog = setInterval(() => {
    if (Date.now() - heard < SILENCE_MS) return;
    heard = Date.now();
    missing();
    reopen();
  }, 5000);

  open();
  return end;
}

/** HTTP status of the screen's page; 0 where no answer came. */
async function statusOf(base) {
  try {
    return (await fetch(base, { cache: "no-store", credentials: "omit" })).status;
  } catch (error) {
    return 0;
  }
}
