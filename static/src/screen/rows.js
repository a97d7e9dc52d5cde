/** One row for each subject: name, bar of the choices, counts, rate; in pages of at most eight. */
import { byId, empty, fitName, make, setText, show } from "./dom.js";
import { roll } from "./roll.js";
import { _, own } from "../words/words.js";

const ROWS_MOST = 8;
const TURN_MS = 12000;
const ABSTAIN = "abstain";
// Sizes in rem (1 rem = 100 px at 1920 × 1080) that a name may take, by rows on a page, and the
// least at which one line is better than two larger ones.
const NAME_SIZES = {
  1: [[0.64, 0.56, 0.48, 0.42, 0.36], 0.48], 2: [[0.52, 0.46, 0.4, 0.36, 0.32], 0.36],
  3: [[0.44, 0.4, 0.36, 0.32, 0.28], 0.28], 4: [[0.4, 0.36, 0.32, 0.28], 0.28],
  5: [[0.36, 0.34, 0.32, 0.3, 0.28], 0.32], 6: [[0.36, 0.34, 0.32, 0.3, 0.28], 0.32],
  7: [[0.34, 0.32, 0.3, 0.28], 0.32], 8: [[0.34, 0.32, 0.3, 0.28], 0.32],
};
// So few rows on a page have room for name, bar and counts one below the other.
const STACKED_MOST = 4;
// Above so many characters the labels stand once for all rows instead of in each.
const LEGEND_CHARACTERS = 26;

let rows = [];
let pages = [];
let turning = null;
let turned = 0;

/** Builds the rows of a meeting's form, without figures. */
export function buildRows(meeting) {
  const plans = planRows(meeting);
  const shared = sharedLabels(plans);
  const number = Math.max(1, Math.ceil(plans.length / ROWS_MOST));
  const each = Math.ceil(plans.length / number);
  const holder = byId("rows");
  empty(holder);
  rows = plans.map((plan) => buildRow(plan, shared));
  pages = [];
  for (let start = 0; start < rows.length; start += each) {
    const stacked = each <= STACKED_MOST ? " rows__page_stacked" : "";
    const page = make("div", `rows__page rows__page_${each}${stacked}`);
    for (const row of rows.slice(start, start + each)) page.appendChild(row.element);
    holder.appendChild(page);
    pages.push(page);
  }
  show("rate-label", each > 1);
  setText("rate-label", rateLabel(plans.some((plan) => plan.weighted)));
  buildSharedLegend(shared ? plans[0].choices : []);
  startTurning();
}

/** Puts the counts and rates of a released picture into the rows. */
export function fillRows(released) {
  for (const row of rows) {
    const total = row.plan.choices
      .map((choice) => countOf(released, row.plan, choice.value))
      .reduce((sum, count) => sum + count, 0);
    for (const choice of row.plan.choices) {
      const count = countOf(released, row.plan, choice.value);
      roll(row.counts[choice.value], String(count));
      row.segments[choice.value].style.width = `${total ? (100 * count) / total : 0}%`;
    }
    const figure = row.plan.rated ? released.satisfaction[row.plan.subject.id] : null;
    row.rate.hidden = !figure;
    if (figure) {
      roll(row.percent, figure.percent);
      row.sign.hidden = !Number.isFinite(Number(figure.percent));
    }
  }
}

/** Fits the names into their boxes; needed once they are visible, and again after a resize. */
export function fitRows() {
  if (!rows.length) return;
  const [sizes, oneLine] = NAME_SIZES[pages[0].children.length];
  for (const row of rows) fitName(row.name, String(row.plan.name), sizes, oneLine);
}

/** Subject × kind of question; the questions of one kind (seven indicators) go into one bar. */
function planRows(meeting) {
  const kinds = [...new Set(meeting.questions.map((question) => question.kind))];
  const kindOf = {};
  for (const question of meeting.questions) kindOf[question.id] = question.kind;
  const plans = [];
  for (const subject of meeting.subjects) {
    const rule = meeting.satisfaction[subject.id];
    for (const kind of kinds) {
      const cells = meeting.cells.filter(
        (cell) => cell.subject === subject.id && kindOf[cell.question] === kind,
      );
      if (!cells.length) continue;
      const titles = meeting.questions.filter((question) => question.kind === kind);
      const rated = rule.questions.some((id) => kindOf[id] === kind);
      plans.push({
        subject,
        cells: cells.map((cell) => cell.id),
        name: kinds.length > 1
          ? _("%(name)s（%(kind)s）", { name: subject.name, kind: kindTitle(titles) })
          : own(subject.name),
        choices: coloured(cells[0].choices, rated ? rule : null),
        rated,
        weighted: rated && rule.weighted,
      });
    }
  }
  return plans;
}

/** The rate of all marks together is not the one that counts where voter groups have weights. */
function rateLabel(weighted) {
  return weighted ? _("未加权满意率") : _("满意率");
}

function kindTitle(questions) {
  return questions.length === 1 ? questions[0].title : _("%(count)s项合计", { count: questions.length });
}

/** Choices with the name of their colour: what counts as satisfied is green or blue. */
function coloured(choices, rule) {
  const outside = new Set(rule ? rule.left_out : []);
  const asked = choices.filter((choice) => !outside.has(choice.value));
  const good = asked.filter((choice, index) =>
    rule ? rule.satisfied.includes(choice.value) : index < asked.length / 2,
  );
  const poor = asked.filter((choice) => !good.includes(choice));
  const colour = (choice) => {
    if (outside.has(choice.value)) return "outside";
    if (good.includes(choice)) return `good${Math.min(good.indexOf(choice), 2) + 1}`;
    return `poor${Math.min(poor.length - 1 - poor.indexOf(choice), 2) + 1}`;
  };
  return [
    ...choices.map((choice) => ({
      value: choice.value, label: own(choice.label), colour: colour(choice),
    })),
    { value: ABSTAIN, label: _("弃权"), colour: "abstain" },
  ];
}

function countOf(released, plan, value) {
  return plan.cells.reduce((sum, cell) => sum + (released.cells[cell][value] || 0), 0);
}

function sharedLabels(plans) {
  const labels = plans.map((plan) => plan.choices.map((choice) => choice.label).join("\n"));
  const long = labels.some((text) => text.length + text.split("\n").length > LEGEND_CHARACTERS);
  return long && new Set(labels).size === 1;
}

function buildRow(plan, shared) {
  const row = { plan, counts: {}, segments: {} };
  row.name = make("h3", "row__name", plan.name);
  const legend = make("ul", "legend");
  const bar = make("div", "bar");
  bar.setAttribute("aria-hidden", "true");
  for (const choice of plan.choices) {
    row.counts[choice.value] = make("b", "legend__count", "0");
    const item = make("li", "legend__item", make("i", `chip ${choice.colour}`));
    if (!shared) item.appendChild(make("span", "", choice.label));
    else item.setAttribute("aria-label", String(choice.label));
    item.appendChild(row.counts[choice.value]);
    legend.appendChild(item);
    row.segments[choice.value] = make("span", `bar__part ${choice.colour}`);
    bar.appendChild(row.segments[choice.value]);
  }
  row.percent = make("b", "rate__number", "");
  row.sign = make("span", "rate__sign", "%");
  row.rate = make("p", "rate", make("span", "rate__label", rateLabel(plan.weighted)), row.percent, row.sign);
  row.element = make("article", "row", row.name, legend, bar, row.rate);
  return row;
}

function buildSharedLegend(choices) {
  const legend = byId("legend");
  empty(legend);
  for (const choice of choices) {
    legend.appendChild(
      make("li", "legend__item", make("i", `chip ${choice.colour}`), make("span", "", choice.label)),
    );
  }
  show("legend", choices.length > 0);
}

function startTurning() {
  clearInterval(turning);
  turned = 0;
  turnTo(0);
  show("page", pages.length > 1);
  if (pages.length > 1) turning = setInterval(() => turnTo((turned + 1) % pages.length), TURN_MS);
}

function turnTo(number) {
  turned = number;
  pages.forEach((page, index) => page.classList.toggle("rows__page_shown", index === number));
  setText("page", _("第%(number)s/%(count)s页", { number: number + 1, count: pages.length }));
}
