import { startSize } from "../phone/size.js";

startSize();

// The phone's own key does the same; a button is easier to find, where there is a page before.
const back = document.getElementById("back");
if (history.length > 1) {
  back.hidden = false;
  back.addEventListener("click", () => history.back());
}
