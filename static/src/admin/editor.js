/** The line numbers beside a text grow with it; a complaint leads to its line. */
export function editor() {
  const box = document.querySelector("[data-editor]");
  if (!box) return;
  const text = box.querySelector("textarea");
  const numbers = box.querySelector("pre");
  let shown = text.rows;
  // Chinese characters are twice as wide as letters.
  const width = (line) => line.length + line.replace(/[\u0000-\u2e7f]/g, "").length;
  const grow = () => {
    const written = text.value.split("\n");
    text.cols = Math.min(2000, Math.max(...written.map(width)) + 2);
    const lines = written.length;
    if (lines === shown) return;
    for (let number = shown + 1; number <= lines; number += 1) {
      const span = document.createElement("span");
      span.textContent = number;
      numbers.append(span, "\n");
    }
    const spans = numbers.querySelectorAll("span");
    for (let number = shown; number > lines; number -= 1) {
      const span = spans[number - 1];
      if (span.nextSibling) span.nextSibling.remove();
      span.remove();
    }
    shown = lines;
    text.rows = lines;
  };
  text.addEventListener("input", grow);
  grow();
  for (const link of document.querySelectorAll("[data-line]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const before = text.value.split("\n").slice(0, Number(link.dataset.line) - 1).join("\n");
      const start = before.length + (before || Number(link.dataset.line) > 1 ? 1 : 0);
      const end = text.value.indexOf("\n", start);
      text.focus({ preventScroll: true });
      text.setSelectionRange(start, end < 0 ? text.value.length : end);
      const height = text.scrollHeight / text.rows;
      box.scrollTop = Math.max(0, (Number(link.dataset.line) - 4) * height);
      box.scrollLeft = 0;
      box.scrollIntoView({ block: "nearest" });
    });
  }
}

/** A choice that decides what else is asked sends its form at once. */
export function sending() {
  for (const select of document.querySelectorAll("select[data-send]")) {
    select.addEventListener("change", () => select.form.submit());
  }
}
