import "../protocol/polyfill.js";
import { startSize } from "../phone/size.js";
import { startLanguage } from "../words/words.js";
import { Screen } from "./screen.js";

startLanguage();
startSize(0);

const { body } = document;
const screen = new Screen(body.getAttribute("data-base"), body.getAttribute("data-meeting"));
screen.start();

window.addEventListener("hashchange", () => {
  if (location.hash.length > 1) screen.start();
});
// A code that was left and comes back with the page may have been scanned meanwhile.
window.addEventListener("pagehide", () => {
  screen.halt();
  document.getElementById("page").textContent = "";
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) screen.start();
});
