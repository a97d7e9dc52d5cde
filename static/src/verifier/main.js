import "../protocol/polyfill.js";
import { startSize } from "../phone/size.js";
import { startLanguage } from "../words/words.js";
import { VerifierPage } from "./page.js";

const page = new VerifierPage();

startLanguage();
startSize();
page.start();

// Marks that were shown do not wait in a frozen page for whoever opens it next.
window.addEventListener("pagehide", () => page.clear());
