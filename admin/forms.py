"""Forms: what they ask, and how a refusal of an action gets back to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs
from wtforms.validators import (
    EqualTo,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    StopValidation,
)

from app.actions.account import PASSWORD_LEAST, PASSWORD_MOST
from app.domain.countdown import CHOICES, WAIT
from app.domain.errors import BadInput, CodeWrong
from app.domain.meeting import K_DEFAULT, K_LEAST, K_MOST, POLICIES, SLIPS_ON_A_PAGE_MOST
from app.models.account import NAME_MOST
from app.models.organisation import KINDS

T = TypeVar("T")

KIND_WORDS = {"committee": "党委", "general_branch": "党总支", "branch": "党支部"}


def asked(what: str) -> InputRequired:
    """The field must be filled in."""
    return InputRequired(f"请填写{what}。")


def at_most(characters: int) -> Length:
    """No longer than this."""
    return Length(max=characters, message=f"不能超过 {characters} 字。")


def whole(what: str, least: int, most: int) -> list[Any]:
    """A whole number between two bounds; the sentence names both."""
    sentence = f"{what}应为 {least} 到 {most} 的整数。"

    def understood(_form: FlaskForm, field: Field) -> None:
        if field.data is None:
            raise StopValidation(sentence)

    return [asked(what), understood, NumberRange(least, most, message=sentence)]


def text(field: Field) -> str:
    """What was typed; empty where the field was not sent."""
    return str(field.data or "")


def number(field: IntegerField) -> int:
    """The whole number of a field that has passed `whole`; raises BadInput otherwise."""
    if field.data is None:
        raise BadInput
    return int(field.data)


class Form(FlaskForm):
    """The base of all forms: WTForms speaks Chinese, refusals stand on top."""

    class Meta(FlaskForm.Meta):
        locales = ("zh",)

    def settle(self, action: Callable[[], T]) -> T | None:
        """Run the action if all fields are in order; a BadInput goes on top of the form."""
        if not self.validate_on_submit():
            return None
        try:
            return action()
        except BadInput as error:
            self.form_errors.append(str(error))
            return None


class NewPasswordForm(Form):
    """A new password, typed twice."""

    password = PasswordField(
        "密码",
        [
            asked("密码"),
            Length(PASSWORD_LEAST, PASSWORD_MOST, f"密码至少 {PASSWORD_LEAST} 个字符。"),
        ],
    )
    again = PasswordField(
        "再输一次密码",
        [asked("一次同样的密码"), EqualTo("password", "两次输入的密码不一样，请重新输入。")],
    )


class FirstAdminForm(NewPasswordForm):
    name = StringField("用户名", [asked("用户名"), at_most(NAME_MOST)])


class LoginForm(Form):
    name = StringField("用户名", [asked("用户名"), at_most(NAME_MOST)])
    password = PasswordField("密码", [asked("密码"), at_most(PASSWORD_MOST)])


class PasswordForm(NewPasswordForm):
    old = PasswordField("原密码", [asked("原密码"), at_most(PASSWORD_MOST)])


class OrganisationForm(Form):
    name = StringField("名称", [asked("名称"), at_most(100)])
    kind = SelectField("类型", choices=[SelectChoice(kind, KIND_WORDS[kind]) for kind in KINDS])
    parent_id = SelectField("上级党组织", validate_choice=False)


class BranchesForm(Form):
    names = TextAreaField("党支部名称", [asked("党支部名称，一行一个"), at_most(20_000)])


class RenameForm(Form):
    name = StringField("名称", [asked("名称"), at_most(100)])


class MoveForm(Form):
    parent_id = SelectField("上级党组织", validate_choice=False)


class RoundForm(Form):
    title = StringField("名称", [asked("名称"), at_most(100)])
    ladder = RadioField("档次", [Optional()], validate_choice=False, default="")
    totals_only = BooleanField("本轮只录总分")


class ScoresForm(Form):
    self_score = StringField("自评分", [at_most(20)])
    superior_score = StringField("上级评定分", [at_most(20)])


class SettingsForm(Form):
    title = StringField("测评会名称", [asked("测评会名称"), at_most(100)])
    host = StringField("主持单位", [at_most(60)])
    base_url = StringField("手机访问地址", [asked("手机访问地址"), at_most(120)])
    wifi = StringField("会场 Wi-Fi 名称", [at_most(60)])
    rehearsal = BooleanField("这是演练，结果不计入定级记录")


class AddressForm(Form):
    """name, code: the scrutineer's, where the address is not this machine's."""

    base_url = StringField("手机访问地址", [asked("手机访问地址"), at_most(120)])
    name = StringField("监票人的用户名", [at_most(NAME_MOST)])
    code = StringField("监票人的一次性码", [at_most(20)])


class PolicyForm(Form):
    policy = RadioField(
        "公布方式",
        choices=[SelectChoice(policy) for policy in POLICIES],
        validate_choice=False,
        default="batched",
    )
    k = IntegerField("每批票数", whole("每批票数", K_LEAST, K_MOST), default=K_DEFAULT)
    entrance = BooleanField("用门口屏发码")


class IssueForm(Form):
    """so_far: how many slips the meeting had when the form was shown."""

    group = RadioField("参会人员类别", validate_choice=False)
    number = IntegerField("张数", whole("张数", 1, SLIPS_ON_A_PAGE_MOST))
    so_far = HiddenField()


class VoidSlipForm(Form):
    token = StringField("票码", [asked("票码"), at_most(60)])


def code_status(form: Form) -> int:
    """Of a form that was refused: 401 counts towards the limit of wrong tries."""
    return 401 if CodeWrong.message in form.form_errors else 400


class ReplaceForm(Form):
    """back: undo one. name, code: the scrutineer's, who types them himself."""

    token = StringField("票码", [asked("票码"), at_most(60)])
    name = StringField("监票人的用户名", [at_most(NAME_MOST)])
    code = StringField("监票人的一次性码", [at_most(20)])


class DiscardForm(Form):
    """which: account ids with a hyphen between. name, code: the scrutineer's, who types them."""

    which = StringField("作废的录入", [at_most(40)])
    name = StringField("监票人的用户名", [at_most(NAME_MOST)])
    code = StringField("监票人的一次性码", [at_most(20)])


class VoidUnusedForm(Form):
    group = SelectField("类别", validate_choice=False, default="")


ENDINGS = {
    "now": "立即结束",
    **{
        str(seconds): f"倒计时 {seconds} 秒，手机和大屏上都看得到，到时自动结束"
        for seconds in CHOICES
    },
    str(WAIT): "等扫过码的人都投出，再自动结束（随时可以叫停）",
}


class CloseForm(Form):
    """ending: `now`, or what app.domain.countdown knows."""

    present = IntegerField("实到人数", whole("实到人数", 0, 100_000))
    ending = RadioField(
        "怎样结束",
        choices=[SelectChoice(value, word) for value, word in ENDINGS.items()],
        validate_choice=False,
        default="now",
    )
    understood = BooleanField(
        "我已确认：到结束时还没有投出的，都是放弃投票", [InputRequired("请先勾选确认。")]
    )


class VoidMeetingForm(Form):
    reason = StringField("作废原因", [asked("作废原因"), at_most(200)])
    lost = BooleanField("存放票箱的服务器已经无法恢复，在这里作废")
