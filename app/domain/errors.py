"""One class per condition that a user can meet, with the sentence that the user reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple


class MingceError(Exception):
    """A refusal. `code` names it to programs, `status` is the HTTP status, `str()` the sentence."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "操作没有完成，请重试。"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class BadRequest(MingceError):
    code = "bad_request"
    message = "请求格式不对。请刷新页面后重试；仍不行请联系工作人员。"


class TooLarge(MingceError):
    code = "too_large"
    status = 413
    message = "提交的内容过大，没有处理。"


class TooMany(MingceError):
    code = "too_many"
    status = 429
    message = "这里出错的次数过多，请等一分钟再试。"


class ServerBusy(MingceError):
    code = "server_busy"
    status = 503
    message = "请稍候，系统正忙，几秒钟后会自动重试。"


class UrnElsewhere(MingceError):
    """host: address of the other host that has the urn; empty where it should be here."""

    code = "urn_elsewhere"
    status = 503
    message = "这次测评会的票箱不在这台服务器上，或者读不出来，暂时不能投票。请告诉工作人员。"

    def __init__(self, host: str = "") -> None:
        super().__init__()
        self.host = host


class HostAway(ServerBusy):
    """The other host that has the urn does not answer."""


class TooManyWatchers(MingceError):
    code = "too_many_watchers"
    status = 503
    message = "同时观看的人太多，请稍后再打开。投票不受影响。"


class NotFound(MingceError):
    code = "not_found"
    status = 404
    message = "没有这个页面。请检查网址，或回到上一页。"


class MethodNotAllowed(MingceError):
    code = "method_not_allowed"
    status = 405
    message = "这个网址不接受这样的操作。请从页面上的按钮进入。"


class ServerError(MingceError):
    code = "server_error"
    status = 500
    message = "系统出错了，没有完成操作。请稍后重试，或告诉工作人员。"


# The meeting


class MeetingUnknown(MingceError):
    code = "meeting_unknown"
    status = 404
    message = "没有找到这个测评会。请核对会议编号，或重新扫描测评票上的二维码。"


class MeetingNotOpen(MingceError):
    code = "meeting_not_open"
    status = 409
    message = "测评会现在不能投票。请听主持人安排。"


class MeetingClosed(MingceError):
    code = "meeting_closed"
    status = 410
    message = "测评会已结束，不再接收选票。请告诉工作人员。"


class MeetingFrozen(MingceError):
    code = "meeting_frozen"
    status = 409
    message = "测评会已开启，设置不能再改。"


class MeetingStateChanged(MingceError):
    code = "meeting_state_changed"
    status = 409
    message = "测评会的状态已经变了（可能有人同时操作）。请刷新页面查看。"


class MeetingNotReady(MingceError):
    code = "meeting_not_ready"
    status = 409
    message = "测评会还不能开启。请先按页面所列逐项补齐。"


class BoxNotReady(MingceError):
    code = "box_not_ready"
    status = 409
    message = "计票结束后才能查验。请在主持人宣布结果后再来。"


class OnlyRehearsals(MingceError):
    """Simulated phones and clearing away are for rehearsals; a real meeting stays as it is."""

    code = "only_rehearsals"
    status = 409
    message = "模拟手机只能在演练里用。这是正式的测评会，没有作任何改动。"


# The slip and its credential


class SlipUnknown(MingceError):
    code = "slip_unknown"
    status = 404
    message = "这张测评票无效（输错或已作废）。请核对票码，或请工作人员换一张。"


class SlipUsed(MingceError):
    code = "slip_used"
    status = 409
    message = "这张测评票已在另一部手机上使用。一票一人；如不是您本人使用，请告诉工作人员。"


# The ballot


class BadSeal(MingceError):
    code = "bad_seal"
    status = 403
    message = "选票校验不通过，没有计入。请刷新页面重试；仍不行请告诉工作人员。"


class BadBallot(MingceError):
    code = "bad_ballot"
    status = 400
    message = "选票内容不完整或不合规定，没有计入。请刷新页面重试。"


class AlreadyCast(MingceError):
    code = "already_cast"
    status = 409
    message = "这张测评票已经投过，不能再投或更改。先前的选票有效。"


class BallotsExceedSlips(MingceError):
    """A slip was voided after use (its voter got a paper), and yet its ballot has come."""

    code = "ballots_exceed_slips"
    status = 409
    message = (
        "这一类投出的选票已经和用过的测评票一样多，这张选票还没有计入。"
        "选票还在本机，请不要关闭本页，马上告诉工作人员。"
    )


# The scheme and the grade


class Problem(NamedTuple):
    """One thing wrong in a document that a person wrote.

    source: the file; key: where in it, such as `rules[2].grade` (the second rule); expected: what
    ought to stand there, and what does, in Chinese.
    """

    source: str
    key: str
    expected: str

    def __str__(self) -> str:
        return f"{self.source}:{self.key}:{self.expected}"


class WithProblems(MingceError):
    """A document with everything that is wrong in it, one sentence a line."""

    status = 422

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SchemeInvalid(WithProblems):
    code = "scheme_invalid"


class FactsInvalid(WithProblems):
    code = "facts_invalid"


class SchemeUnknown(MingceError):
    code = "scheme_unknown"
    status = 404
    message = "没有这个方案。"


class SchemeShipped(MingceError):
    code = "scheme_shipped"
    status = 409
    message = "随系统提供的方案不能修改。请复制一份，用新的编号和名称，再修改。"


class DomainUnknown(MingceError):
    code = "domain_unknown"
    status = 422
    message = "方案中没有这个领域。"


class LadderUnknown(MingceError):
    code = "ladder_unknown"
    status = 422
    message = "方案中没有这种档次。"


class LadderNotChosen(MingceError):
    code = "ladder_not_chosen"
    status = 409
    message = "方案没有写明分几档，须先由管理员选定档次。"


# The door with accounts


class BadInput(MingceError):
    """A form's field is wrong; the message names it."""

    code = "bad_input"
    status = 400
    message = "填写有误，请检查后再提交。"


class SchemeChangedMeanwhile(BadInput):
    """Somebody has saved another version since the one that was being edited."""

    code = "scheme_changed_meanwhile"
    status = 409
    message = "您修改期间，别人保存了新的一版。请看下面的差别，核对后再保存。"


class SchemeNotOffered(BadInput):
    """The scheme was withdrawn, or has a newer version, since its page was opened."""

    code = "scheme_not_offered"
    status = 409
    message = "这个方案已经停用，或者有了新的一版。请回到选方案的页面，看过再建轮次。"


class LoginFailed(MingceError):
    code = "login_failed"
    status = 401
    message = "用户名或密码不对。"


class SecondStepFailed(BadInput):
    code = "second_step_failed"
    status = 401
    message = "验证码不对，或已经用过。请输入手机上现在显示的 6 位数字，或一个没有用过的恢复码。"


class CodeWrong(BadInput):
    code = "code_wrong"
    status = 401
    message = (
        "用户名或一次性码不对，或者这个账号不能为本次测评会监票。"
        "一次性码用过就失效，连错 5 次全部失效；监票人可以重新生成，或在自己的手机上确认。"
    )


class SamePerson(BadInput):
    """One account on both sides of what takes two people."""

    code = "same_person"
    status = 409
    message = "主持人和监票人须是两个人，各用自己的账号确认。"


class StillVoting(BadInput):
    code = "still_voting"


class ContentChanged(MingceError):
    code = "content_changed"
    status = 409
    message = "测评会的内容刚刚改过，与您看到的不同，没有确认。请刷新页面，重新核对。"


class LinkInvalid(MingceError):
    code = "link_invalid"
    status = 403
    message = "这个链接无效或已失效。请向管理员要新的链接。"


class NotAllowed(MingceError):
    code = "not_allowed"
    status = 403
    message = "您的账号没有这项权限，或者它不在您负责的范围内。需要办理的，请找系统管理员。"


class AccountUnknown(NotFound):
    code = "account_unknown"
    message = "没有这个账号，或者它不归您管。请回到账号列表。"


class OrganisationUnknown(MingceError):
    code = "organisation_unknown"
    status = 404
    message = "没有这个党组织，可能已被删除。请回到组织列表查看。"


class OrganisationInUse(MingceError):
    code = "organisation_in_use"
    status = 409
    message = "这个党组织有下级或已参加分类定级，不能删除。"


class RoundUnknown(MingceError):
    code = "round_unknown"
    status = 404
    message = "没有这一轮分类定级。请回到首页查看。"


class RecordUnknown(MingceError):
    code = "record_unknown"
    status = 404
    message = "没有这份定级记录，可能已从本轮移出。请回到本轮查看。"


class RecordInUse(MingceError):
    code = "record_in_use"
    status = 409
    message = "这个党组织已有分数或已列入测评会，不能从本轮移出。"


class SlipsIssuedMeanwhile(MingceError):
    code = "slips_issued_meanwhile"
    status = 409
    message = (
        "这张表单已经提交过一次，这次没有再发票。票码只在当时那一页显示一次："
        "已经打印好的可以直接使用；没有打印成的，请回到测评会页面，先“作废未用的票”，再重新发放。"
    )


class CountSheetNotReady(MingceError):
    code = "count_sheet_not_ready"
    status = 409
    message = "计票结束后才有计票单；作废的测评会没有计票单。"


# The steps of a round


class StepOver(MingceError):
    code = "step_over"
    status = 409
    message = "这一步已经截止，方案规定逾期不再受理。"


class SelfAssessmentFrozen(MingceError):
    code = "self_assessment_frozen"
    status = 409
    message = "自评已经提交，不能再改。要改请由上级退回，退回后在原稿上修改、重新提交。"


class SelfAssessmentNotSubmitted(MingceError):
    code = "self_assessment_not_submitted"
    status = 409
    message = "自评还没有提交，或已经复核过（可能有人同时操作）。请刷新页面查看。"


class SelfAssessmentUnknown(MingceError):
    code = "self_assessment_unknown"
    status = 404
    message = "没有这一份自评。请回到这个党组织的自评页查看。"


class AttachmentUnknown(MingceError):
    code = "attachment_unknown"
    status = 404
    message = "没有这个附件，可能已被删除。请回到自评页查看。"


class VisitUnknown(MingceError):
    code = "visit_unknown"
    status = 404
    message = "没有这份入户走访调查表，可能已被删除。请回到调查摸底页查看。"


class PaperNotAgreed(BadInput):
    code = "paper_not_agreed"
    status = 409
    message = "纸质票还没有由两名计票人清点一致，不能计票。"


class PaperVoids(MingceError):
    """More papers came back than went out; the meeting has been voided."""

    code = "paper_voids"
    status = 409
