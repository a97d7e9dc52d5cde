// The room's page: draws the Wi-Fi's code out of what is typed here, and keeps it here.
import { drawCode } from "../qr/draw.js";
import { wifiFragment, wifiText, wifiTrouble } from "./wifi.js";

const byId = (id) => document.getElementById(id);
const FIELDS = ["wifi-name", "wifi-kind", "wifi-password", "wifi-hidden"];

function typed() {
  return {
    name: byId("wifi-name").value,
    kind: byId("wifi-kind").value,
    password: byId("wifi-password").value,
    hidden: byId("wifi-hidden").checked,
  };
}

/** `complain`: whether somebody has finished typing. */
function draw(complain) {
  const wifi = typed();
  const wrong = wifiTrouble(wifi);
  byId("wifi-password").disabled = wifi.kind === "nopass";
  if (!wrong || complain) byId("wifi-wrong").textContent = complain && wrong ? wrong : "";
  byId("wifi-shown").hidden = Boolean(wrong);
  byId("print-wifi").disabled = Boolean(wrong);
  byId("wifi-screen").href = byId("wifi").dataset.display + (wrong ? "" : wifiFragment(wifi));
  if (wrong) return;
  byId("wifi-code").replaceChildren(drawCode(wifiText(wifi), "会场 Wi-Fi 二维码"));
  byId("wifi-said").textContent =
    wifi.kind === "nopass" ? `Wi-Fi：${wifi.name}` : `Wi-Fi：${wifi.name}　密码：${wifi.password}`;
}

for (const id of FIELDS) {
  byId(id).addEventListener("input", () => draw(false));
  byId(id).addEventListener("change", () => draw(true));
}
byId("wifi").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  draw(true);
});
byId("wifi-screen").addEventListener("click", () => draw(true));
// A page that the browser keeps or fills in again must not keep the password.
window.addEventListener("pageshow", () => {
  byId("wifi-password").value = "";
  draw(false);
});
