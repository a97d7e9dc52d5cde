// The pages that are whole without a script: door, reasons, notices, errors. Only for language, size
// of the type, and a button that goes back.
import { startSize } from "../phone/size.js";
import { startLanguage } from "../words/words.js";

startLanguage();
startSize();

// The phone's own key does the same; a button is easier to find, where there is a page before.
const back = document.getElementById("back");
if (back && history.length > 1) {
  back.hidden = false;
  back.addEventListener("click", () => history.back());
}
