/** While a teller types: each line's sum beside the number of valid papers that it must reach. */
export function papers() {
  for (const group of document.querySelectorAll("[data-paper-group]")) {
    const valid = group.querySelector("[data-valid]");
    const lines = Array.from(group.querySelectorAll("[data-line]"));
    const number = (input) => Number.parseInt(input.value.trim() || "0", 10);
    const add = () => {
      const wanted = number(valid);
      for (const line of lines) {
        const shown = line.querySelector("[data-sum]");
        const sum = Array.from(line.querySelectorAll("input")).map(number).reduce((a, b) => a + b, 0);
        const known = Number.isFinite(sum) && Number.isFinite(wanted);
        shown.textContent = known ? `${sum} / ${wanted}` : "—";
        shown.classList.toggle("text-danger", !known || sum !== wanted);
        shown.classList.toggle("text-success", known && sum === wanted && wanted > 0);
      }
    };
    group.addEventListener("input", add);
    add();
  }
}
