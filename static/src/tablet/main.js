import { fit } from "../phone/compat.js";
import "../protocol/polyfill.js";
import { startLanguage } from "../words/words.js";
import { startSize } from "../phone/size.js";
import { readBook, storageKey } from "../phone/storage.js";
import { watchIdle } from "./idle.js";
import { Turns, shelfOf } from "./turns.js";
import { showWarning } from "./views.js";

/** Without a touch for so long it warns, and locks. */
const WARN_MS = 40000;
const IDLE_MS = 60000;
/** The larger types: who has a small phone for a shared device gets the middle one. */
const SIZE = Math.min(window.innerWidth, window.innerHeight) >= 600 ? 2 : 1;

const firstLanguage = startLanguage(false);
const firstSize = startSize(SIZE);
if (fit) begin(document.body.getAttribute("data-meeting").toUpperCase());

function begin(code) {
  let isIdle = () => false;
  const turns = new Turns(code, {
    decoder: document.body.getAttribute("data-decoder"),
    isIdle: () => isIdle(),
    onTurn: () => {
      firstLanguage();
      firstSize();
    },
  });
  turns.start();

  isIdle = watchIdle({
    warnMs: WARN_MS,
    idleMs: IDLE_MS,
    onWarn: () => showWarning(turns.warning()),
    onTouch: () => showWarning(null),
    onIdle: () => turns.rest(),
  });
  document.getElementById("lock").addEventListener("click", () => turns.guard(() => turns.lock()));

  window.addEventListener("popstate", () => turns.back());
  window.addEventListener("storage", (event) => {
    const key = storageKey(shelfOf(code));
    if ((event.key !== key && event.key !== null) || turns.holds(readBook(shelfOf(code)))) return;
    turns.halt();
    turns.showOtherTab();
  });
  // Whatever brings the page back, from the browser's memory or anew, it begins locked.
  window.addEventListener("pagehide", () => {
    turns.halt();
    turns.forgetVoter();
    document.getElementById("page").textContent = "";
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) turns.start();
  });
}
