/** Every sentence that tells a voter of trouble: what happened (`title`) and what to do (`text`). */

import { _ } from "../words/words.js";

export const TROUBLE = {
  slip_used: {
    title: _("这张测评票已经用过"),
    text: _("一张票只能用一次。如果您刚才已用这张票打开过本页，请回到原来的手机、原来的页面继续；如果您已经投过，不用再投；如果都不是，请告诉工作人员。"),
  },
  slip_unknown: {
    title: _("没有找到这张测评票"),
    text: _("票码可能输错了，也可能这张票已经作废。请对照纸上的票码重新输入，或请工作人员换一张票。"),
  },
  already_cast: {
    title: _("这张票已经投过"),
    text: _("先前投出的选票有效，这次没有再计。不用再做什么；如有疑问，请告诉工作人员。"),
  },
  ballots_exceed_slips: {
    title: _("您的选票还没有计入"),
    text: _("投出的选票已经和用过的测评票一样多：有人的票换成了纸质票，原来的手机却又投了。您的选票还在本机，请不要关闭本页，马上告诉工作人员；处理好以后按“重试”。"),
  },
  bad_seal: {
    title: _("选票没有通过校验"),
    text: _("选票还没有计入。请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。"),
  },
  bad_ballot: {
    title: _("选票没有被接受"),
    text: _("选票与会上的测评内容对不上，还没有计入。请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。"),
  },
  bad_request: {
    title: _("系统没有看懂这次请求"),
    text: _("没有计入任何内容。请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。"),
  },
  meeting_not_open: {
    title: _("现在还不能投票"),
    text: _("测评会尚未开启。请听主持人安排，不要关闭本页，开启后会自动继续。"),
  },
  meeting_closed: {
    title: _("测评会已经结束"),
    text: _("现在不再接收选票。如果您还没有投票，请马上告诉工作人员。"),
  },
  meeting_voided: {
    title: _("这次测评会已经作废"),
    text: _("这次会上的选票都不计入。请听主持人安排。"),
  },
  meeting_unknown: {
    title: _("没有找到这个测评会"),
    text: _("网址或会议编号可能不对。请重新扫描测评票上的二维码，或核对会议编号。"),
  },
  too_many: {
    title: _("出错的次数太多"),
    text: _("请等一分钟，系统会自动再试。请先核对票码是否输对。"),
  },
  too_large: {
    title: _("提交的内容过大"),
    text: _("没有计入任何内容。请把本页给工作人员看，改用纸质票。"),
  },
  server_busy: {
    title: _("投票的人较多，正在排队"),
    text: _("系统正忙，会自动重试，请不要关闭本页。"),
  },
  network_lost: {
    title: _("网络较慢，正在重试…"),
    text: _("请不要关闭本页。如果一直连不上，请检查手机是否连着会场的无线网络。"),
  },
  network_foreign: {
    title: _("网络上有别的页面挡住了"),
    text: _("这个无线网络可能要先登录，或手机连错了网络。请连接会场的无线网络，系统会自动重试。"),
  },
  wrong_key: {
    title: _("校验不符，已经停止"),
    text: _("这张票上的校验码与系统的对不上。为保护您的无记名权利，本页什么也没有发送，您的票没有使用。请把本页给工作人员看，改用纸质票。"),
  },
  wrong_key_typed: {
    title: _("校验码对不上"),
    text: _("请对照纸上的校验码重新输入。如果没有输错，请不要继续，把本页给工作人员看，改用纸质票。本页什么也没有发送，您的票没有使用。"),
  },
  wrong_proof: {
    title: _("系统的回答没有通过验证"),
    text: _("为保护您的无记名权利，投票已经停止，选票没有发出。请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。"),
  },
  wrong_protocol: {
    title: _("本页与系统的版本不一致"),
    text: _("您的票没有使用。请按“重试”刷新本页；如果仍不行，请改用纸质票。"),
  },
  storage_failed: {
    title: _("这部手机不能保存投票进度"),
    text: _("可能是开了无痕浏览，或存储已满。您的票没有因此作废。请换一部手机，或到工作人员处改用纸质票。"),
  },
  box_not_ready: {
    title: _("计票后可查"),
    text: _("票箱还没有公布。请在主持人宣布结果以后再来查验。"),
  },
  ballot_missed: {
    title: _("您的选票未计入"),
    text: _("选票没有赶在测评会结束前送达，票箱里没有您的选票。请马上告诉工作人员。"),
  },
  other_tab: {
    title: _("本页已在另一个窗口打开"),
    text: _("为免重复，这个窗口先停下。请到另一个窗口继续，或按下面的按钮在这里继续，进度不会丢。"),
  },
  other: {
    title: _("操作没有完成"),
    text: _("请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。"),
  },
};

/** What is said for an error code; codes that this page does not know get the general sentence. */
export function troubleOf(code) {
  return Object.prototype.hasOwnProperty.call(TROUBLE, code) ? TROUBLE[code] : TROUBLE.other;
}
