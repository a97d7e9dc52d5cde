/** Every sentence that tells a voter of trouble: what happened (`title`) and what to do (`text`). */

export const TROUBLE = {
  slip_used: {
    title: "这张测评票已经用过",
    text: "一张票只能用一次。如果您刚才已用这张票打开过本页，请回到原来的手机、原来的页面继续；如果您已经投过，不用再投；如果都不是，请告诉工作人员。",
  },
  slip_unknown: {
    title: "没有找到这张测评票",
    text: "票码可能输错了，也可能这张票已经作废。请对照纸上的票码重新输入，或请工作人员换一张票。",
  },
  already_cast: {
    title: "这张票已经投过",
    text: "先前投出的选票有效，这次没有再计。不用再做什么；如有疑问，请告诉工作人员。",
  },
  bad_seal: {
    title: "选票没有通过校验",
    text: "选票还没有计入。请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。",
  },
  bad_ballot: {
    title: "选票没有被接受",
    text: "选票与会上的测评内容对不上，还没有计入。请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。",
  },
  bad_request: {
    title: "系统没有看懂这次请求",
    text: "没有计入任何内容。请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。",
  },
  meeting_not_open: {
    title: "现在还不能投票",
    text: "测评会尚未开启。请听主持人安排，不要关闭本页，开启后会自动继续。",
  },
  meeting_closed: {
    title: "测评会已经结束",
    text: "现在不再接收选票。如果您还没有投票，请马上告诉工作人员。",
  },
  meeting_voided: {
    title: "这次测评会已经作废",
    text: "这次会上的选票都不计入。请听主持人安排。",
  },
  meeting_unknown: {
    title: "没有找到这个测评会",
    text: "网址或会议编号可能不对。请重新扫描测评票上的二维码，或核对会议编号。",
  },
  too_many: {
    title: "出错的次数太多",
    text: "请等一分钟，系统会自动再试。请先核对票码是否输对。",
  },
  too_large: {
    title: "提交的内容过大",
    text: "没有计入任何内容。请把本页给工作人员看，改用纸质票。",
  },
  server_busy: {
    title: "投票的人较多，正在排队",
    text: "系统正忙，会自动重试，请不要关闭本页。",
  },
  network_lost: {
    title: "网络较慢，正在重试…",
    text: "请不要关闭本页。如果一直连不上，请检查手机是否连着会场的无线网络。",
  },
  network_foreign: {
    title: "网络上有别的页面挡住了",
    text: "这个无线网络可能要先登录，或手机连错了网络。请连接会场的无线网络，系统会自动重试。",
  },
  wrong_key: {
    title: "校验不符，已经停止",
    text: "这张票上的校验码与系统的对不上。为保护您的无记名权利，本页什么也没有发送，您的票没有使用。请把本页给工作人员看，改用纸质票。",
  },
  wrong_key_typed: {
    title: "校验码对不上",
    text: "请对照纸上的校验码重新输入。如果没有输错，请不要继续，把本页给工作人员看，改用纸质票。本页什么也没有发送，您的票没有使用。",
  },
  wrong_proof: {
    title: "系统的回答没有通过验证",
    text: "为保护您的无记名权利，投票已经停止，选票没有发出。请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。",
  },
  wrong_protocol: {
    title: "本页与系统的版本不一致",
    text: "您的票没有使用。请按“重试”刷新本页；如果仍不行，请改用纸质票。",
  },
  storage_failed: {
    title: "这部手机不能保存投票进度",
    text: "可能是开了无痕浏览，或存储已满。您的票没有因此作废。请换一部手机，或到工作人员处改用纸质票。",
  },
  box_not_ready: {
    title: "计票后可查",
    text: "票箱还没有公布。请在主持人宣布结果以后再来查验。",
  },
  ballot_missed: {
    title: "您的选票未计入",
    text: "选票没有赶在测评会结束前送达，票箱里没有您的选票。请马上告诉工作人员。",
  },
  other_tab: {
    title: "本页已在另一个窗口打开",
    text: "为免重复，这个窗口先停下。请到另一个窗口继续，或按下面的按钮在这里继续，进度不会丢。",
  },
  other: {
    title: "操作没有完成",
    text: "请按“重试”；如果仍不行，请把本页给工作人员看，改用纸质票。",
  },
};

/** What is said for an error code; codes that this page does not know get the general sentence. */
export function troubleOf(code) {
  return Object.prototype.hasOwnProperty.call(TROUBLE, code) ? TROUBLE[code] : TROUBLE.other;
}
