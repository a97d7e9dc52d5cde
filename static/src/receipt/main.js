import "../protocol/polyfill.js";
import { startSize } from "../phone/size.js";
import { startLanguage } from "../words/words.js";
import { ReceiptPage } from "./receipt.js";

const page = new ReceiptPage(document.body.getAttribute("data-meeting").toUpperCase());

startLanguage();
startSize();
page.start();

// Marks that were shown do not wait in a frozen page for whoever opens it next.
window.addEventListener("pagehide", () => page.clear());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) page.start();
});
