import { fit } from "./compat.js";
import "../protocol/polyfill.js";
import { startLanguage } from "../words/words.js";
import { startSize } from "./size.js";
import { readBook, storageKey } from "./storage.js";
import { Voting } from "./voting.js";

startLanguage();
startSize();
if (fit) begin(document.body.getAttribute("data-meeting").toUpperCase());

function begin(code) {
  const voting = new Voting(code);
  voting.start();

  window.addEventListener("popstate", () => {
    // A slip scanned into this page also comes by here, and is no step back.
    if (location.hash.length < 2) voting.back();
  });
  window.addEventListener("hashchange", () => {
    if (location.hash.length > 1) voting.start();
  });
  // Another page of this browser took the meeting over: this one lets go before it can interfere.
  window.addEventListener("storage", (event) => {
    if (event.key !== storageKey(code) || readBook(code).tab === voting.tab) return;
    voting.halt();
    voting.showOtherTab();
  });
  // A page that the browser freezes and brings back must not bring back choices with it.
  window.addEventListener("pagehide", () => {
    voting.halt();
    document.getElementById("page").textContent = "";
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) voting.start();
  });
}
