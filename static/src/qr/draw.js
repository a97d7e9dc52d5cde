/** QR codes drawn on the page, for what no server is to know. */

import { encodeQR } from "qr";

const NS = "http://www.w3.org/2000/svg";
const QUIET = 3;

/** An SVG of the code of `text`; `label` for who does not see it. */
export function drawCode(text, label) {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: QUIET, encoding: "byte" });
  const size = rows.length;
  let path = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const start = x;
      while (x + 1 < row.length && row[x + 1]) x += 1;
      path += `M${start} ${y}h${x + 1 - start}v1h-${x + 1 - start}z`;
    }
  });
  const picture = document.createElementNS(NS, "svg");
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", label);
  picture.setAttribute("shape-rendering", "crispEdges");
  const ground = document.createElementNS(NS, "path");
  ground.setAttribute("fill", "#fff");
  ground.setAttribute("d", `M0 0h${size}v${size}h-${size}z`);
  const modules = document.createElementNS(NS, "path");
  modules.setAttribute("d", path);
  picture.append(ground, modules);
  return picture;
}
