/** The receipt page: the published box recounted on this phone, and one's own marks in it. */

import { SECRET_BYTES } from "../protocol/ballot.js";
import { boxDigest, ownMarks } from "../protocol/box.js";
import { fromCrockford, toCrockford } from "../protocol/crockford.js";
import { cardsOf, rowsOf } from "../phone/cards.js";
import { announce, button, h, show } from "../phone/dom.js";
import { Refusal, Stopped, ask, keepTrying } from "../phone/net.js";
import { readBook } from "../phone/storage.js";
import { field } from "../phone/views/entry.js";
import { showTrouble, showWorking, whyLink } from "../phone/views/welcome.js";
import { digestOf, findings } from "../verifier/check.js";
import { fileControl } from "../verifier/files.js";
import { countedOff, misfits, readMeeting } from "../verifier/names.js";
import { NotABox, readBox } from "../verifier/read.js";
import { OWN, _, _n, own } from "../words/words.js";

export class ReceiptPage {
  /** `code`: the meeting's code. */
  constructor(code) {
    this.code = code;
    this.work = null;
    this.meeting = null;
    // Raised by whoever takes the page over: what an earlier turn still waits for is shown no more.
    this.turn = 0;
  }

  async start() {
    this.clear();
    this.turn += 1;
    const { turn } = this;
    try {
      const meeting = await this.patiently(_("正在打开测评会…"), () => ask(this.code, null));
      this.meeting = meeting;
      if (turn !== this.turn) return;
      if (meeting.state === "voided") showTrouble("meeting_voided", []);
      else if (meeting.state === "closed") await this.openBox(meeting, turn);
      else this.showEarly(meeting);
    } catch (error) {
      if (error instanceof Stopped || turn !== this.turn) return;
      if (!(error instanceof Refusal)) console.error(error);
      const code = error instanceof Refusal ? error.code : "other";
      showTrouble(code, [button(_("重试"), "primary", () => this.start()), this.savedControl()]);
    }
  }

  /** Stops what is under way and takes away what is shown. */
  clear() {
    if (this.work) this.work.stop();
    document.getElementById("page").textContent = "";
  }

  async patiently(title, task) {
    const paused = showWorking({
      title, text: _("请稍候，不要关闭本页。"), onHurry: () => this.work.hurry(),
      others: [this.savedControl()],
    });
    this.work = keepTrying(task, ({ code, tries }) => paused(code, tries));
    return this.work.result;
  }

  async openBox(meeting, turn) {
    const box = await this.patiently(_("正在取出票箱…"), () => ask(`${this.code}/box`, null));
    if (turn === this.turn) this.showBox(meeting, box, null);
  }

  /** Chooses a box that was saved before, for when there is no server or one would rather not ask it. */
  savedControl() {
    return fileControl(_("用保存的票箱文件查验"), "default",
      (files) => this.openSaved(files),
      () => this.showUnread(_("文件没有读出来。")));
  }

  /** `files`: the saved box, with or without the meeting's saved description. */
  openSaved(files) {
    if (this.work) this.work.stop();
    this.turn += 1;
    let box = null;
    let { meeting } = this;
    let why = null;
    for (const { bytes } of files) {
      try {
        box = readBox(bytes);
      } catch (error) {
        if (!(error instanceof NotABox)) throw error;
        const read = readMeeting(new TextDecoder().decode(bytes));
        if (read) meeting = read;
        else why = _("%(why)s。", { why: error.why });
      }
    }
    if (!box) this.showUnread(why || _("请选择票箱文件；会议信息文件要和它一起选。"));
    else if (box.meeting.toUpperCase() !== this.code) {
      this.showUnread(_("这是测评会 %(meeting)s 的票箱，本页查的是 %(code)s。",
        { meeting: box.meeting, code: this.code }));
    } else {
      const wrong = meeting ? misfits(box, meeting) : [];
      const named = meeting && !wrong.length ? meeting : countedOff(box);
      this.showBox(named, box, savedPanel(findings(box, null), box, named));
    }
  }

  showUnread(why) {
    show("trouble", [
      h("div", { class: "result" },
        h("span", { class: "result__sign result__sign_warn", "aria-hidden": "true" }),
        h("h1", {}, _("不是能用的票箱文件")),
        h("p", {}, why, " ", _("请重新下载，或另选一个文件。"))),
    ], [button(_("返回"), "primary", () => this.start()), this.savedControl()]);
  }

  showEarly(meeting) {
    show(
      "early",
      [
        h("div", { class: "result" },
          h("span", { class: "result__sign result__sign_info", "aria-hidden": "true" }),
          h("h1", {}, _("计票后可查")),
          h("p", {}, _("“%(title)s”还没有结束。主持人宣布结束、计票以后，再打开本页，就能查到自己的每一项是否计入。",
            { title: own(meeting.title) })),
          h("p", {}, _("请保管好回执码。"))),
        whyLink(),
      ],
      [button(_("重新查看"), "primary", () => this.start())],
    );
  }

  /** `file`: the panel on a saved file, which comes first: it is not yet known whose file it is. */
  showBox(meeting, box, file) {
    const answer = h("div", { "aria-live": "polite" });
    const look = (receipt) => {
      const secret = fromCrockford(receipt, SECRET_BYTES);
      answer.textContent = "";
      answer.appendChild(marksOf(meeting, box, secret, () => {
        answer.textContent = "";
      }));
      announce(_("查验结果在下面"));
    };
    show("box", [
      h("h1", {}, _("查验选票")),
      h("p", {}, own(meeting.title)),
      file,
      this.ownPanel(look),
      answer,
      !file && digestPanel(box),
      this.filesPanel(),
      whyLink(),
    ]);
  }

  /** The box to be kept and recounted, and the way back from a kept one. */
  filesPanel() {
    return h("section", { class: "panel" },
      h("h2", {}, _("保存和核对票箱")),
      h("p", {}, _("票箱是公开的。可以保存一份，自己重新计票，以后也能查。")),
      h("a", { class: "weui-btn weui-btn_default", href: `/r/${this.code}/box.json`, download: "" }, _("下载票箱文件")),
      h("a", { class: "weui-btn weui-btn_default", href: `/verify?code=${this.code}` }, _("核对整个票箱")),
      this.savedControl(),
      h("p", { class: "hint" }, _("在微信里下载不了的，点右上角“…”，选“在浏览器打开”。")));
  }

  /** Marks appear only after a tap: who looks over a shoulder sees none before. */
  ownPanel(look) {
    const { receipts } = readBook(this.code);
    const typed = field("receipt", _("回执码"), _("16 位，投票成功时显示过"), 16);
    const submit = () => {
      const secret = fromCrockford(typed.value(), SECRET_BYTES);
      typed.complain(secret ? "" : _("回执码应是 16 位字母和数字，请再看一遍"));
      if (secret) look(toCrockford(secret));
      else typed.focus();
    };
    const single = receipts.length === 1;
    return h(
      "section",
      { class: "panel" },
      h("p", { class: "notice" }, _("给别人看到下面的结果，就等于公开了您的选择。请自己看。")),
      receipts.map((receipt, index) =>
        button(
          single ? _("显示我的选择") : _("显示第 %(number)s 张票的选择（尾号 %(end)s）",
            { number: index + 1, end: receipt.slice(-4) }),
          "primary", () => look(receipt),
        )),
      h(
        "details",
        { class: "why why_plain", open: receipts.length === 0 },
        h("summary", {}, receipts.length ? _("输入别的回执码") : _("输入回执码")),
        h("form",
          { class: "entry", autocomplete: "off",
            onsubmit: (event) => {
              event.preventDefault();
              submit();
            } },
          typed.element,
          h("button", { type: "submit", class: "weui-btn weui-btn_default" }, _("显示我的选择"))),
      ),
    );
  }
}

/** What the box holds for one receipt, in words, with what to do where something is missing. */
function marksOf(meeting, box, secret, onHide) {
  const cellIds = meeting.cells.map((cell) => cell.id);
  const marks = ownMarks(box, cellIds, secret);
  const found = cellIds.filter((id) => id in marks).length;
  const hide = button(_("收起"), "default", onHide);
  if (found === 0) {
    return h("section", { class: "panel" },
      h("h2", { class: "verdict verdict_bad" }, _("票箱里没有这张票")),
      h("p", {}, _("请先核对回执码是否输错、是不是这一次测评会的。")),
      h("p", {}, _("如果都没有错，请带上回执码，当面告诉监票人，请他核对票箱。")),
      hide);
  }
  const missing = cellIds.length - found;
  const rows = rowsOf(cardsOf(meeting), marks);
  return h("section", { class: "panel" },
    missing === 0
      ? h("h2", { class: "verdict verdict_good" }, _n("您的 %(count)s 项都已计入", found))
      : h("h2", { class: "verdict verdict_bad" }, _n("有 %(count)s 项没有计入", missing)),
    missing > 0 &&
      h("p", {}, _("票箱可能被人动过。请保留本页，当面告诉监票人和上级党组织，并与计票单上的票箱摘要核对。")),
    h("ul", { class: "rows" },
      rows.map((row) =>
        h("li", { class: "row" },
          h("div", { class: "row__text" },
            h("h3", { class: "row__name" }, own(row.name)),
            row.marks.map((mark) =>
              h("p", { class: "row__mark" },
                row.marks.length > 1 && h("span", { class: "row__title" }, own(mark.title), " "),
                h("b", { class: mark.label === null ? "verdict_bad" : "" },
                  mark.label === null ? _("未计入") : mark.label))))))),
    hide);
}

/** Whether a saved box stands as it was closed, and its digest to be compared with paper. */
function savedPanel(found, box, meeting) {
  return h("section", { class: "panel" },
    h("h2", {}, _("票箱文件")),
    found.length === 0
      ? h("p", { class: "verdict verdict_good" }, _("文件完好，没有发现改动。"))
      : h("p", { class: "verdict verdict_bad" }, 
        _n("文件有问题，共 %(count)s 处。请到“核对整个票箱”看是哪里，并告诉监票人。", found.length)),
    h("p", {}, _("按文件内容算出的票箱摘要：")),
    h("p", { class: "digest" }, digestOf(box).match(/.{4}/g).join(" ")),
    h("p", { class: "hint" }, _("它应当与签过名的计票单相同。不相同的，这不是当时封存的票箱，请告诉监票人。")),
    meeting.counted && h("p", { class: "hint" }, _("文件里没有名称，所以只能写第几个。再选一次，把会议信息文件也一起选上，就能看到名称。")));
}

/** The box's digest as this phone computes it, beside what the server says. */
function digestPanel(box) {
  const digest = boxDigest(box);
  const cast = Object.keys(box.counts).reduce((sum, group) => sum + box.counts[group].cast, 0);
  return h(
    "section",
    { class: "panel" },
    h("h2", {}, _("票箱摘要")),
    h("p", { class: "digest" }, digest.match(/.{4}/g).join(" ")),
    digest === box.digest
      ? h("p", { class: "verdict verdict_good" }, 
        _n("票箱共 %(count)s 张票，本机重新算过，摘要与票箱一致。", cast))
      : h("p", { class: "verdict verdict_bad" }, _("本机重新算出的摘要与票箱写的不一致，票箱可能被人动过。请告诉监票人。")),
    h("p", { class: "hint" }, _("它应当与大屏、计票单上的摘要相同。不相同，请告诉监票人。")),
  );
}
