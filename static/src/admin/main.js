import { editor, sending } from "./editor.js";
import { papers } from "./papers.js";
import { uploads } from "./uploads.js";

// The admin pages work without this file, save for dialogs, copying and the totals' refresh.
const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
const REFRESH_MS = 4000;

/** Buttons that open a native dialog, and those that close it. */
function dialogs() {
  for (const button of all("[data-dialog]")) {
    const dialog = document.getElementById(button.dataset.dialog);
    button.addEventListener("click", () => dialog.showModal());
    for (const close of all("[data-close]", dialog)) {
      close.addEventListener("click", () => dialog.close());
    }
  }
}

function printing() {
  for (const button of all("[data-print]")) {
    button.addEventListener("click", () => window.print());
  }
}

/** Copying also where the page is no secure context and `navigator.clipboard` is missing. */
function copying() {
  for (const button of all("[data-copy]")) {
    const input = document.getElementById(button.dataset.copy);
    button.addEventListener("click", () => {
      input.select();
      const done = document.execCommand("copy");
      button.textContent = done ? "已复制" : "请按 Ctrl+C";
      setTimeout(() => { button.textContent = "复制"; }, 2000);
    });
  }
  for (const input of all("[data-select]")) {
    input.addEventListener("focus", () => input.select());
  }
}

/** Shows only the rows of a table that contain what is typed. */
function filters() {
  for (const input of all("[data-filter]")) {
    const rows = all(`#${input.dataset.filter} tbody tr`);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
  }
}

/** Sorts by a column's text or number; rows without a number come last. */
function sorting() {
  for (const table of all("[data-sortable]")) {
    const heads = all("thead th", table);
    heads.forEach((head, index) => {
      if (!("sort" in head.dataset)) return;
      head.tabIndex = 0;
      head.setAttribute("role", "button");
      const sort = () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const numeric = head.dataset.sort === "number";
        const key = (row) => {
          const text = row.cells[index].textContent.trim();
          return numeric ? Number.parseFloat(text) : text;
        };
        const compare = (a, b) => {
          const [x, y] = [key(a), key(b)];
          if (!numeric) return (up ? 1 : -1) * x.localeCompare(y, "zh-CN", { numeric: true });
          if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
          return up ? x - y : y - x;
        };
        const body = table.tBodies[0];
        body.append(...Array.from(body.rows).sort(compare));
      };
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); }
      });
    });
  }
}

/** A box that ticks all of its kind, and a choice that sets the ticked rows. */
function ticking() {
  for (const box of all("[data-tick-all]")) {
    const boxes = all(`input[name="${box.dataset.tickAll}"]`);
    const settle = () => {
      const ticked = boxes.filter((one) => one.checked).length;
      box.checked = ticked > 0 && ticked === boxes.length;
      box.indeterminate = ticked > 0 && ticked < boxes.length;
    };
    box.addEventListener("change", () => { for (const one of boxes) one.checked = box.checked; });
    for (const one of boxes) one.addEventListener("change", settle);
    settle();
  }
  for (const choice of all("[data-set-all]")) {
    choice.addEventListener("change", () => {
      for (const row of all("tbody tr", choice.closest("table"))) {
        const select = row.querySelector(`select[name^="${choice.dataset.setAll}-"]`);
        if (choice.value && select && row.querySelector(":checked[type=checkbox]")) {
          select.value = choice.value;
        }
      }
      choice.value = "";
    });
  }
}

/** Rows of a form's table that can be added and taken out. */
function rows() {
  for (const button of all("[data-add-row]")) {
    const body = document.querySelector(`#${button.dataset.addRow} [data-rows]`);
    button.addEventListener("click", () => {
      const row = body.lastElementChild.cloneNode(true);
      for (const input of all("input", row)) input.value = "";
      body.append(row);
      row.querySelector("input").focus();
    });
    body.addEventListener("click", (event) => {
      if (!event.target.closest("[data-remove-row]")) return;
      const row = event.target.closest("tr");
      if (body.rows.length > 1) row.remove();
      else for (const input of all("input", row)) input.value = "";
    });
  }
}

/** Fetches the part of the page that changes by itself; a lost connection shows as stale. */
function refreshing() {
  const part = document.querySelector("[data-refresh]");
  if (!part) return;
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(part.dataset.refresh, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) { location.reload(); return; }
      part.innerHTML = await answer.text();
      part.classList.remove("stale");
    } catch {
      part.classList.add("stale");
    }
  };
  setInterval(refresh, REFRESH_MS);
  document.addEventListener("visibilitychange", refresh);
}

/** Seconds that go down between two refreshes, which set them right. */
function counting() {
  setInterval(() => {
    for (const shown of all("[data-countdown]")) {
      shown.textContent = String(Math.max(0, Number(shown.textContent) - 1));
    }
  }, 1000);
}

/** A page whose content is shown once only asks before it is left. */
function leaving() {
  if (!("leaveWarning" in document.body.dataset)) return;
  const warn = (event) => { event.preventDefault(); event.returnValue = ""; };
  window.addEventListener("beforeunload", warn);
  for (const link of all("[data-leave]")) {
    link.addEventListener("click", () => window.removeEventListener("beforeunload", warn));
  }
}

/** A form that must not be sent twice by a double click; the server refuses it too. */
function once() {
  for (const form of all("form[data-once]")) {
    form.addEventListener("submit", () => {
      for (const button of all("button", form)) button.disabled = true;
    });
  }
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

for (const start of [
  dialogs, printing, copying, filters, sorting, ticking, rows, refreshing, leaving, once, uploads,
  papers, editor, sending,
]) start();
