/** The end of voting, counted down over the title: the seconds go on between two pictures. */
import { _, _n } from "../words/words.js";
import { setText, show } from "./dom.js";

let ends = null;
let ticking = 0;

/** `closing`: as in the picture, or null; `uncast`: how many have scanned and not cast. */
export function showClosing(closing, uncast) {
  clearInterval(ticking);
  show("closing", Boolean(closing));
  if (!closing) return;
  setText("closing-uncast", uncast > 0
    ? _n("还有 %(count)s 人扫了码没有投出，请尽快提交", uncast)
    : _("扫过码的人都已投出"));
  if (closing.seconds === null) {
    setText("closing-words", _("请还没有提交的人尽快提交"));
    return;
  }
  ends = Date.now() + closing.seconds * 1000;
  tick();
  ticking = setInterval(tick, 250);
}

function tick() {
  const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
  setText("closing-words", left
    ? _n("还有 %(count)s 秒结束投票", left)
    : _("正在结束投票…"));
}
