/** The 大字 button: three sizes of type (20, 25, 30 px), remembered on this phone. */

import { announce } from "./dom.js";
import { _, setAttribute } from "../words/words.js";

const KEY = "mingce.size";
/** For each size: what the button says of it, and what is said once it has been chosen. */
const SIZES = [
  { now: _("大字：现在是标准字号，按一下换一种"), changed: _("已换成标准字号") },
  { now: _("大字：现在是大字号，按一下换一种"), changed: _("已换成大字号") },
  { now: _("大字：现在是最大字号，按一下换一种"), changed: _("已换成最大字号") },
];

/**
 * Applies the remembered size and lets the button `#size` step through the sizes. `own`: the size
 * to begin with on a device that remembers nothing. Returns a function that goes back to it.
 */
export function startSize(own) {
  const first = own === undefined ? remembered() : own;
  let size = first;
  const control = document.getElementById("size");
  const apply = () => {
    document.documentElement.setAttribute("data-size", String(size));
    setAttribute(control, "aria-label", SIZES[size].now);
  };
  control.addEventListener("click", () => {
    size = (size + 1) % SIZES.length;
    if (own === undefined) remember(size);
    apply();
    announce(SIZES[size].changed);
  });
  control.hidden = false;
  apply();
  return () => {
    size = first;
    apply();
  };
}

function remember(size) {
  try {
    localStorage.setItem(KEY, String(size));
  } catch (error) {
    // The size is a comfort: the page works without remembering it.
  }
}

function remembered() {
  try {
    const size = Number(localStorage.getItem(KEY));
    return size === 1 || size === 2 ? size : 0;
  } catch (error) {
    return 0;
  }
}
