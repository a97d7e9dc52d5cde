/** What a shared device says beyond a voter's own phone. */

import { _ } from "../words/words.js";

/** Why the camera does not read slips here, and what to do. */
export const NO_CAMERA = {
  insecure: _("为什么不用摄像头扫：浏览器只准加密的网址（https）使用摄像头，本会的网址不是。请输入，或接上扫码枪。"),
  none: _("为什么不用摄像头扫：这台设备的浏览器没有可用的摄像头。请输入，或接上扫码枪。"),
  refused: _("摄像头没有打开：可能没有允许使用，或被别的程序占着。请在浏览器里允许使用摄像头后再试，或输入票上的两个码。"),
};

export const OTHER_MEETING = _("这是另一场测评会的票，不能在这里投。请核对票上的会议编号。");
export const NO_SLIP = _("这不是测评票上的二维码。请对准测评票。");
export const BROKEN_SLIP = _("二维码没有扫完整，请重新扫一次，或输入票上的两个码。");

/** Idle: what is about to happen, by what is on screen. */
export const WARNING = {
  ballot: _("没有动静，就要锁屏了。还在投票的，请按一下屏幕。"),
  receipt: _("没有动静，回执码就要清除了。还没记好的，请按一下屏幕。"),
};

/** What it means to give a slip up, by its stage, or by why its sealed ballot was not let in. */
export const HAND_OVER = {
  asked: _("这张票可能已经验过。清除以后，这台设备上再也不能投这张票。验过的算“已扫码、未投”，主持人在监票人见证下才能作废它，另发一张。"),
  ready: _("这张票已经验过，还没有投。清除以后，选过的内容全部删去，这台设备上再也不能投这张票。它算“已扫码、未投”，主持人在监票人见证下才能作废它，另发一张。"),
  held: _("系统已经答复：这张选票没有计入，它只在这台设备上。最好请主持人在监票人见证下撤销多出来的那张换发，再按“返回”，它就能投进去。清除以后，选过的内容全部删去，再也不能送；这张票算“已扫码、未投”，撤销换发以后，主持人才能在监票人见证下作废它，另发一张纸质票。"),
  refused: _("系统已经答复：这张选票没有计入，再送也不一定收。清除以后，选过的内容全部删去，再也不能送；这张票算“已扫码、未投”，主持人在监票人见证下才能作废它，另发一张纸质票。"),
};
