// Runs before everything else in the bundle: a voter whose phone cannot keep the protocol must be
// told before the slip is used, and before the cryptographic libraries fail to load.

import { _, say } from "../words/words.js";

/** Whether a value written to localStorage is read back; also false where reading it throws. */
function storageHolds() {
  try {
    const probe = "mingce.probe";
    const value = String(Math.random());
    localStorage.setItem(probe, value);
    const held = localStorage.getItem(probe) === value;
    localStorage.removeItem(probe);
    return held;
  } catch (error) {
    return false;
  }
}

/** What this engine lacks, in words; null where nothing is missing. */
function missing() {
  const engine =
    typeof BigInt === "function" &&
    typeof fetch === "function" &&
    typeof Promise === "function" &&
    typeof AbortController === "function" &&
    typeof TextEncoder === "function" &&
    typeof crypto === "object" &&
    typeof crypto.getRandomValues === "function";
  if (!engine) return _("这部手机的浏览器版本太旧，不能安全地投票。");
  if (!storageHolds()) return _("这部手机不能保存投票进度（可能开了无痕浏览，或存储已满）。");
  return null;
}

const reason = missing();

/** Whether this phone can vote; where it cannot, the page says so already. */
export const fit = reason === null;

if (!fit) {
  say(document.getElementById("unfit-reason"), reason);
  document.getElementById("page").hidden = true;
  document.getElementById("unfit").hidden = false;
}
