/** The verifier's page: a saved box in, what is wrong with it and its recount out. No server. */

import { announce, button, h, show } from "../phone/dom.js";
import { field } from "../phone/views/entry.js";
import { TOGETHER, ballots, digestOf, findings, printedDigest, recount } from "./check.js";
import { fileControl, takeFiles } from "./files.js";
import { choiceName, countedOff, misfits, readMeeting } from "./names.js";
import { ownMarks, receiptBytes } from "./own.js";
import { NotABox, readBox } from "./read.js";
import { _, _n, own, say } from "../words/words.js";

const FINDINGS_SHOWN = 50;

export class VerifierPage {
  constructor() {
    this.box = null;
    this.meeting = null;
    /** What stands on the server's own copy of this page; a saved copy has no such part. */
    this.served = document.getElementById("served");
    this.said = h("p", { class: "verdict_bad", role: "alert" });
    this.results = h("div", {});
  }

  start() {
    const onFiles = (files) => this.take(files);
    const onTrouble = () => this.complain(_("文件没有读出来，请再选一次。"));
    takeFiles(onFiles, onTrouble);
    const pasted = h("textarea", {
      class: "entry__input pasted", id: "pasted", rows: "4", spellcheck: "false", autocomplete: "off",
    });
    show("verify", [
      h("h1", {}, _("核对票箱")),
      h("p", {}, _("计票后公布的票箱，任何人都可以保存一份，在自己的设备上重新计票，看它有没有被改动过。文件只在本机上读，不会发到任何地方。")),
      this.served,
      this.served && this.direct(),
      h("section", { class: "panel" },
        h("h2", {}, _("选择票箱文件")),
        h("p", { class: "hint" }, _("票箱文件里没有名称。想看到测评对象和选项的名称，请把会议信息文件也一起选上。")),
        fileControl(_("选择文件"), "primary", onFiles, onTrouble),
        h("p", { class: "hint hint_wide" }, _("在电脑上，也可以把文件拖进本页。")),
        this.said,
        h("details", { class: "why why_plain" },
          h("summary", {}, _("或者粘贴文件内容")),
          h("label", { class: "entry__label", for: "pasted" }, _("票箱文件的全部内容")),
          pasted,
          button(_("核对粘贴的内容"), "default", () => onFiles([
            { name: String(_("粘贴的内容")), bytes: new TextEncoder().encode(pasted.value) },
          ])))),
      this.results,
    ]);
  }

  /** A button that fetches both files instead of saving and choosing them. */
  direct() {
    const links = Array.from(this.served.querySelectorAll("a[data-file]"));
    if (!links.length) return null;
    return button(_("不保存，直接核对"), "default", () => {
      const fetched = links.map(async (link) => {
        const answer = await fetch(link.href, { cache: "no-store", credentials: "omit" });
        if (!answer.ok) throw new Error(String(answer.status));
        return { name: link.textContent, bytes: new Uint8Array(await answer.arrayBuffer()) };
      });
      Promise.all(fetched).then(
        (files) => this.take(files),
        () => this.complain(_("没有取到票箱，请检查网络后再试，或选择保存好的文件。")),
      );
    }, { class: "weui-btn weui-btn_default direct" });
  }

  /** Takes away everything that was read and shown. */
  clear() {
    this.box = null;
    this.meeting = null;
    this.showResults();
  }

  complain(words) {
    say(this.said, words);
  }

  /** Files were handed over: boxes and descriptions of meetings, in any order. */
  take(files) {
    this.complain("");
    for (const { name, bytes } of files) {
      try {
        this.box = readBox(bytes);
      } catch (error) {
        if (!(error instanceof NotABox)) throw error;
        const meeting = readMeeting(new TextDecoder().decode(bytes));
        if (meeting) this.meeting = meeting;
        else this.complain(_("“%(name)s”不是完整的票箱文件：%(why)s。请重新下载。", { name, why: error.why }));
      }
    }
    if (this.meeting && !this.box) this.complain(_("这是会议信息文件。请再选择票箱文件。"));
    this.showResults();
  }

  showResults() {
    this.results.textContent = "";
    if (!this.box || this.said.textContent) return;
    const { box } = this;
    const wrong = this.meeting ? misfits(box, this.meeting) : [];
    const meeting = this.meeting && !wrong.length ? this.meeting : countedOff(box);
    const found = findings(box, null);
    const parts = [
      verdictPanel(box, meeting, found),
      digestPanel(box),
      wrong.length > 0 && misfitPanel(wrong),
      !found.length && countsPanel(box, meeting),
      !found.length && tallyPanel(box, meeting),
      ownPanel(box, meeting),
    ];
    for (const part of parts) if (part) this.results.appendChild(part);
    const heading = this.results.querySelector("h2");
    announce(heading.textContent);
    heading.tabIndex = -1;
    heading.focus();
  }
}

function verdictPanel(box, meeting, found) {
  if (!found.length) {
    return h("section", { class: "panel" },
      h("h2", { class: "verdict verdict_good" }, _("票箱完好")),
      h("p", {}, 
        _n("%(title)s，共 %(count)s 张选票。摘要、次序、查验号和张数都重新核对过，没有发现改动。",
          ballots(box), { title: own(meeting.title) })),
      h("p", {}, _("还要与计票单核对摘要：只凭文件，看不出有人把票箱和摘要一起重写。")));
  }
  const rest = found.length - FINDINGS_SHOWN;
  return h("section", { class: "panel" },
    h("h2", { class: "verdict verdict_bad" }, 
      _n("票箱有问题，共 %(count)s 处", found.length)),
    h("ul", { class: "findings" },
      found.slice(0, FINDINGS_SHOWN).map((sentence) => h("li", {}, sentence))),
    rest > 0 && h("p", {}, _n("还有 %(count)s 处没有列出。", rest)),
    h("p", {}, _("请重新下载一次再核对。仍有问题的，保留这个文件，告诉监票人和上级党组织。")));
}

/** The digest as computed here, to be compared with paper: by eye, or digit by digit as typed. */
function digestPanel(box) {
  const digest = digestOf(box);
  const answer = h("p", { class: "verdict", role: "status" });
  const typed = h("textarea", {
    class: "entry__input entry__digest", id: "printed", rows: "3", spellcheck: "false",
    autocomplete: "off", autocapitalize: "off", "aria-describedby": "printed-hint",
    oninput: () => {
      const { good, text } = compared(typed.value, digest);
      say(answer, text);
      answer.className = `verdict ${good === null ? "" : `verdict_${good ? "good" : "bad"}`}`;
    },
  });
  return h("section", { class: "panel" },
    h("h2", {}, _("票箱摘要")),
    h("p", {}, _("本机按文件内容算出：")),
    h("p", { class: "digest" }, digest.match(/.{4}/g).join(" ")),
    h("label", { class: "entry__label", for: "printed" }, _("计票单上的摘要")),
    h("p", { class: "hint", id: "printed-hint" }, _("把签过名的计票单上的 64 位照样输入，本页逐位比对；也可以用眼睛逐组对照。")),
    typed,
    answer);
}

/** What a digest, whole or in part, says beside that of the box. */
function compared(text, digest) {
  const digits = text.normalize("NFKC").replace(/[\s\-‐-―−·.]/g, "").toLowerCase();
  const whole = printedDigest(text);
  if (whole) {
    return whole === digest
      ? { good: true, text: _("与计票单上的摘要一致：这就是当时封存的票箱。") }
      : { good: false, text: _("与计票单上的摘要不一致：这不是当时封存的票箱。请先看看有没有输错。") };
  }
  if (!digits) return { good: null, text: "" };
  let same = 0;
  while (same < digits.length && digits[same] === digest[same]) same += 1;
  if (same < digits.length) {
    return { good: false, text: _("第 %(place)s 位起不一致。请看看有没有输错。", { place: same + 1 }) };
  }
  return { good: null, text: _("前 %(same)s 位一致，还差 %(rest)s 位。", { same, rest: 64 - same }) };
}

function misfitPanel(wrong) {
  return h("section", { class: "panel" },
    h("h2", { class: "verdict verdict_bad" }, _("会议信息与票箱对不上")),
    h("ul", { class: "findings" },
      wrong.slice(0, FINDINGS_SHOWN).map((sentence) => h("li", {}, sentence))),
    h("p", {}, _("下面没有用它的名称。请重新下载两个文件；仍对不上的，告诉监票人。")));
}

const COLUMNS = [
  ["issued", _("发出")], ["redeemed", _("已用")], ["cast", _("已投")], ["voided", _("作废")],
  ["unused", _("未用")],
];

function countsPanel(box, meeting) {
  const nameOf = (code) => (meeting.groups.find((group) => group.code === code) || { name: code }).name;
  return h("section", { class: "panel" },
    h("h2", {}, _("测评票张数")),
    h("ul", { class: "rows" }, Array.from(box.counts, ([group, count]) =>
      h("li", { class: "row" },
        h("div", { class: "row__text" },
          h("h3", { class: "row__name" }, own(nameOf(group))),
          h("p", { class: "row__mark" },
            COLUMNS.map(([name, title]) => numbered(title, count[name]))))))),
    h("p", { class: "hint" }, _("发出 = 已用 + 作废 + 未用。已投少于已用，是有人扫了码没有投。")));
}

function tallyPanel(box, meeting) {
  const groups = Array.from(new Set(box.lists.map(({ group }) => group)));
  const nameOf = (code) =>
    code === TOGETHER
      ? _("合并统计的各类别")
      : (meeting.groups.find((group) => group.code === code) || { name: code }).name;
  return h("section", { class: "panel" },
    h("h2", {}, _("重新计票")),
    tallyRows(meeting, recount(box)),
    groups.length > 1 && groups.map((group) =>
      h("details", { class: "why why_plain" },
        h("summary", {}, own(nameOf(group))),
        tallyRows(meeting, recount(box, group)))),
    h("p", { class: "hint" }, _("名称来自会议信息文件，不在票箱摘要之内；各项票数请与签过名的计票单核对。")));
}

function tallyRows(meeting, numbers) {
  return h("ul", { class: "rows" }, meeting.subjects.map((subject) => {
    const cells = meeting.cells.filter((cell) => cell.subject === subject.id && numbers.has(cell.id));
    return cells.length > 0 && h("li", { class: "row" },
      h("div", { class: "row__text" },
        h("h3", { class: "row__name" }, own(subject.name)),
        cells.map((cell) => tallyLine(meeting, cell, cells.length > 1, numbers.get(cell.id)))));
  }));
}

function tallyLine(meeting, cell, titled, choices) {
  const counted = meeting.counted ? Array.from(choices.keys()) : [
    ...cell.choices.map(({ value }) => value), "abstain",
  ];
  return h("p", { class: "row__mark" },
    titled && h("span", { class: "row__title" }, own(titleOf(meeting, cell)), " "),
    counted.map((value) => numbered(choiceName(cell, value), choices.get(value) || 0)));
}

function numbered(title, number) {
  return [h("span", { class: "number" }, title, " ", h("b", {}, String(number))), " "];
}

function titleOf(meeting, cell) {
  const question = meeting.questions.find(({ id }) => id === cell.question);
  return question ? question.title : cell.question;
}

/** One's own marks, shown only after a tap and put away by another. */
function ownPanel(box, meeting) {
  const typed = field("receipt", _("回执码"), _("16 位，投票成功时显示过"), 16);
  const answer = h("div", { "aria-live": "polite" });
  const look = () => {
    const receipt = receiptBytes(typed.value());
    typed.complain(receipt ? "" : _("回执码应是 16 位字母和数字，请再看一遍"));
    answer.textContent = "";
    if (!receipt) return typed.focus();
    answer.appendChild(ownRows(meeting, ownMarks(box, receipt), () => {
      answer.textContent = "";
    }));
    return announce(_("查验结果在下面"));
  };
  return h("section", { class: "panel" },
    h("h2", {}, _("查我的回执")),
    h("p", { class: "notice" }, _("给别人看到下面的结果，就等于公开了您的选择。请自己看，看完关掉本页。")),
    h("form",
      { class: "entry", autocomplete: "off",
        onsubmit: (event) => {
          event.preventDefault();
          look();
        } },
      typed.element,
      h("button", { type: "submit", class: "weui-btn weui-btn_default" }, _("显示我的选择"))),
    answer);
}

function ownRows(meeting, marks, onHide) {
  const hide = button(_("收起"), "default", onHide);
  if (marks.size === 0) {
    return h("div", {},
      h("h3", { class: "verdict verdict_bad" }, _("这个票箱里没有这张票")),
      h("p", {}, _("请先核对回执码是否输错、票箱是不是这一次测评会的。都没有错的，请带上回执码，当面告诉监票人。")),
      hide);
  }
  const missing = meeting.cells.length - marks.size;
  return h("div", {},
    missing === 0
      ? h("h3", { class: "verdict verdict_good" }, _n("您的 %(count)s 项都在票箱里", marks.size))
      : h("h3", { class: "verdict verdict_bad" }, _n("有 %(count)s 项不在票箱里", missing)),
    h("ul", { class: "rows" }, meeting.subjects.map((subject) => {
      const cells = meeting.cells.filter((cell) => cell.subject === subject.id);
      return cells.length > 0 && h("li", { class: "row" },
        h("div", { class: "row__text" },
          h("h4", { class: "row__name" }, own(subject.name)),
          cells.map((cell) => h("p", { class: "row__mark" },
            cells.length > 1 && h("span", { class: "row__title" }, own(titleOf(meeting, cell)), " "),
            marks.has(cell.id)
              ? h("b", {}, choiceName(cell, marks.get(cell.id)))
              : h("b", { class: "verdict_bad" }, _("不在票箱里"))))));
    })),
    hide);
}
