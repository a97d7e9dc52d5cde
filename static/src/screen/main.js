/** The room's screen: follows a meeting's stream and shows where it stands. */
import { showClosing } from "./closing.js";
import { follow } from "./connection.js";
import { byId, fit, setText, show } from "./dom.js";
import { buildRows, fillRows, fitRows } from "./rows.js";
import { roll } from "./roll.js";
import { drawCode } from "../qr/draw.js";
import { OWN, _, own, say as tell, setAttribute, startLanguage } from "../words/words.js";
import { wifiOfFragment, wifiText } from "../venue/wifi.js";

const TITLE_SIZES = [0.6, 0.52, 0.44, 0.36, 0.3, 0.28];
const JOIN_SIZES = [0.42, 0.38, 0.34, 0.3, 0.28];
const STATES = {
  draft: _("尚未开始"), open: _("正在投票"), closed: _("投票结束"), voided: _("已作废"),
};
const base = document.body.getAttribute("data-base");
const WIFI = `mingce.wifi.${base}`;

let meeting = null;
let picture = null;
let loading = false;

const end = follow(base, {
  picture(next) {
    picture = next;
    if (stateOf(picture) === "closed" || stateOf(picture) === "voided") end();
    update();
  },
  lost: () => banner(_("正在重新连接…画面暂不更新，已投的票不会丢失")),
  back: () => banner(""),
  revoked() {
    banner("");
    document.body.setAttribute("data-state", "alone");
    show("figures", false);
    setText("state", _("链接失效"));
    show("panel-head", false);
    show("rows", false);
    show("legend", false);
    say(_("大屏链接已失效"), _("请在管理页面重新打开大屏。"));
  },
});

const stateOf = (shown) => (shown.live ? shown.live.state : "draft");

/** Draws the newest picture; the form is fetched first where it is not known yet. */
async function update() {
  const known = meeting && (meeting.subjects.length || !picture.live);
  if (known) return draw();
  if (loading) return undefined;
  loading = true;
  const fetched = await fetchMeeting();
  loading = false;
  if (!fetched) return setTimeout(update, 2000);
  meeting = fetched;
  introduce();
  return draw();
}

async function fetchMeeting() {
  try {
    const answer = await fetch(`${base}/meeting`, { cache: "no-store", credentials: "omit" });
    return answer.ok ? await answer.json() : null;
  } catch (error) {
    return null;
  }
}

/** What stays the same while a meeting runs. */
function introduce() {
  tell(document.querySelector("title"), _("%(title)s · 大屏", { title: meeting.title }));
  byId("title").lang = OWN.lang;
  setText("code", meeting.code);
  setText("head-code", meeting.code);
  setText("wifi", meeting.wifi);
  const wifi = roomWifi();
  if (wifi) {
    meeting.wifi = wifi.name;
    byId("wifi-code").replaceChildren(drawCode(wifiText(wifi), String(_("会场 Wi-Fi 的二维码"))));
  }
  show("wifi-code", Boolean(wifi));
  byId("wifi-line").classList.toggle("join__wifi_code", Boolean(wifi));
  show("wifi-line", Boolean(meeting.wifi));
  if (meeting.subjects.length) buildRows(meeting);
}

/**
 * The room's Wi-Fi, where whoever opened this screen has said it: behind the `#` of the address,
 * which no server gets. This window keeps it until it is closed.
 */
function roomWifi() {
  try {
    const given = wifiOfFragment(location.hash);
    if (given) sessionStorage.setItem(WIFI, JSON.stringify(given));
    if (location.hash) history.replaceState(null, "", location.pathname);
    return given || JSON.parse(sessionStorage.getItem(WIFI));
  } catch (error) {
    return null;
  }
}

/** Fits what differs in length; only what is shown has a size to fit into. */
function fitWords() {
  if (!meeting) return;
  fit(byId("title"), meeting.title, TITLE_SIZES, 0.44);
  fit(byId("wifi"), meeting.wifi, JOIN_SIZES, 0.32);
  fit(byId("address"), meeting.address.replace(/^http:\/\//, ""), JOIN_SIZES, 0.28);
  fitRows();
}

function draw() {
  const state = stateOf(picture);
  const released = picture.live && picture.live.released;
  const voided = state === "voided";
  setText("state", STATES[state]);
  document.body.setAttribute("data-state", voided ? "alone" : state);
  show("join", state === "draft" || state === "open");
  show("code-line", state === "closed" || voided);
  show("figures", Boolean(picture.turnout) && !voided);
  if (picture.turnout && !voided) drawFigures();
  showClosing(
    (picture.live && picture.live.closing) || null,
    picture.turnout ? picture.turnout.redeemed - picture.live.cast : 0,
  );
  show("proof", state === "closed");
  if (state === "closed") drawProof();
  show("panel-head", Boolean(released));
  show("rows", Boolean(released));
  show("message", !released);
  if (released) drawResults(state === "closed", released);
  else explain(state);
  fitWords();
}

function drawFigures() {
  for (const name of ["expected", "issued", "redeemed"]) {
    roll(byId(name), String(picture.turnout[name]));
  }
  roll(byId("cast"), String(picture.live.cast));
}

function drawProof() {
  const code = byId("receipt-code");
  if (!code.getAttribute("src")) code.setAttribute("src", `${base}/receipt.svg`);
  setText("digest", (picture.digest || "").replace(/(.{4})(?=.)/g, "$1 "));
}

/** How many ballots there are in all, and how many of them came on paper: the box has the others. */
function total(count, paper) {
  if (!paper) return _("共计 %(count)s 票，投票已结束", { count });
  return _("共计 %(count)s 票：手机 %(phones)s 票，纸质 %(papers)s 票，投票已结束", {
    count,
    phones: count - paper.valid,
    papers: paper.valid,
  });
}

function drawResults(final, released) {
  setText("heading", final ? _("测评结果") : _("测评情况"));
  setText("badge", final ? _("最终结果") : _("暂时结果"));
  setText(
    "remark",
    final
      ? total(released.at, picture.live.paper)
      : _("以下为前 %(count)s 票的结果，落后一批显示，以保护无记名", { count: released.at }),
  );
  fillRows(released);
}

/** Says why there is no result to see. */
function explain(state) {
  const { live, k } = meeting.policy;
  show("progress", state === "open" && live === "batched");
  if (state === "draft") say(_("测评会尚未开始"), _("请稍候，听主持人安排。"));
  else if (state === "voided") {
    say(_("本次测评会已作废"), _("已投的票全部销毁，不予计票。\n请听主持人安排。"));
  }
  else if (live === "turnout") say(_("投票结束后公布结果"), _("投票期间只显示人数，以保护无记名。"));
  else {
    const cast = picture.live.cast;
    say(
      _("投满 %(count)s 票后开始显示结果", { count: 2 * k }),
      _("每 %(count)s 票为一批，落后一批显示。\n谁也不能从大屏看出某个人的选择。", { count: k }),
    );
    byId("progress-done").style.width = `${Math.min(100, (100 * cast) / (2 * k))}%`;
  }
}

function say(title, text) {
  show("message", true);
  setText("message-title", title);
  setText("message-text", text);
}

function banner(words) {
  const shown = byId("banner");
  if (words) tell(shown, words);
  shown.classList.toggle("banner_shown", Boolean(words));
}

function startFullScreen() {
  const page = document.documentElement;
  const enter = page.requestFullscreen || page.webkitRequestFullscreen;
  const isFull = () => document.fullscreenElement || document.webkitFullscreenElement;
  if (!enter) return;
  const toggle = () => {
    if (isFull()) (document.exitFullscreen || document.webkitExitFullscreen).call(document);
    else enter.call(page);
  };
  byId("full").addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    if ((event.key === "f" || event.key === "F") && !event.ctrlKey && !event.metaKey) toggle();
  });
  for (const name of ["fullscreenchange", "webkitfullscreenchange"]) {
    document.addEventListener(name, () => {
      show("full", !isFull());
      show("language", !isFull());
    });
  }
  show("full", true);
}

/** Mouse pointer and button leave the picture when nobody uses them. */
function startIdling() {
  let idle = null;
  const wake = () => {
    document.body.classList.remove("idle");
    clearTimeout(idle);
    idle = setTimeout(() => document.body.classList.add("idle"), 4000);
  };
  for (const name of ["mousemove", "keydown", "touchstart"]) document.addEventListener(name, wake);
  wake();
}

/** Words change in place; what was made to measure is made anew. */
function startLanguages() {
  startLanguage(false);
  setAttribute(byId("receipt-code"), "alt", _("查验页面的二维码"));
  byId("language").addEventListener("click", () => {
    if (!meeting || !picture) return;
    introduce();
    draw();
  });
}

window.addEventListener("resize", fitWords);
startFullScreen();
startLanguages();
startIdling();
