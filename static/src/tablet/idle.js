/** Tells when nobody has touched the device for a while, and at once when its screen goes dark. */

const SIGNS = ["pointerdown", "keydown", "touchmove", "wheel"];

/**
 * `onWarn` after `warnMs` without a touch, `onIdle` after `idleMs`; `onTouch` for each touch after a
 * warning. Returns a function that says whether it is idle now.
 */
export function watchIdle({ warnMs, idleMs, onWarn, onTouch, onIdle }) {
  let clocks = [];
  let warned = false;
  let idle = false;
  const rest = () => {
    if (idle) return;
    idle = true;
    onIdle();
  };
  const begin = () => {
    for (const clock of clocks) clearTimeout(clock);
    idle = false;
    if (warned) onTouch();
    warned = false;
    clocks = [
      setTimeout(() => {
        warned = true;
        onWarn();
      }, warnMs),
      setTimeout(rest, idleMs),
    ];
  };
  for (const sign of SIGNS) {
    window.addEventListener(sign, begin, { capture: true, passive: true });
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : begin()));
  begin();
  return () => idle;
}
