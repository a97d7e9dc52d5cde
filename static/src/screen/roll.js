/** Numbers that roll to their new value instead of jumping. */

const ROLL_MS = 900;
const calm = window.matchMedia && window.matchMedia("(prefers-reduced-motion: reduce)");
const running = new WeakMap();
const current = new WeakMap();

/**
 * Rolls an element to `text`. Where it is no number (`—`), or the reader wants no motion, it is
 * set at once. What stands there in the end is always `text` itself.
 */
export function roll(element, text) {
  const target = Number(text);
  const start = current.get(element);
  if (start !== undefined && start.text === text) return;
  cancelAnimationFrame(running.get(element));
  const from = start === undefined ? NaN : start.value;
  current.set(element, { text, value: target });
  if (!Number.isFinite(from) || !Number.isFinite(target) || (calm && calm.matches)) {
    element.textContent = text;
    return;
  }
  const decimals = (text.split(".")[1] || "").length;
  const begin = performance.now();
  const step = (now) => {
    const share = Math.min(1, Math.max(0, (now - begin) / ROLL_MS));
    const eased = 1 - (1 - share) ** 3;
    const value = from + (target - from) * eased;
    element.textContent = share < 1 ? value.toFixed(decimals) : text;
    if (share < 1) running.set(element, requestAnimationFrame(step));
  };
  running.set(element, requestAnimationFrame(step));
}
