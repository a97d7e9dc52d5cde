"""权限: which role may do what; app.actions.rights looks up where in the tree it may."""

from __future__ import annotations

ROLES = {
    "system_admin": "系统管理员",
    "superior": "上级党委",
    "organisation_admin": "党组织管理员",
    "branch_secretary": "支部书记",
    "host": "主持人",
    "scrutineer": "监票人",
    "auditor": "审计员",
}

ACTIONS = {
    "look": "查看",
    "organisations.edit": "建、改、并、撤党组织",
    "schemes.edit": "导入、复制、修改、停用方案",
    "round.edit": "建轮次，定步骤、分值、参加的党组织",
    "survey.write": "填调查摸底和方案要看的情况",
    "self.write": "填自评",
    "self.recheck": "复核自评",
    "grade.decide": "上级评分、评定等级",
    "meeting.run": "开测评会：准备、开启、发票、登记到会、结束、作废、演练",
    "meeting.witness": "监票：确认开启、结束测评会",
    "paper.count": "录入纸质票",
    "notice.publish": "公示、更正、撤回，答复异议",
    "round.finalise": "确定等级、更正最终等级",
    "rectification.write": "写整改方案和进展",
    "rectification.accept": "验收整改、退回、升级晋位",
    "report.read": "表和台账",
    "audit.read": "操作记录",
    "accounts.edit": "管账号",
}

_EVERYTHING = frozenset(ACTIONS)
RIGHTS: dict[str, frozenset[str]] = {
    "system_admin": _EVERYTHING,
    "superior": _EVERYTHING
    - {"self.write", "rectification.write", "paper.count", "audit.read"},
    "organisation_admin": frozenset(
        {
            "look", "organisations.edit", "survey.write", "self.write", "meeting.run",
            "rectification.write", "report.read",
        }
    ),
    "branch_secretary": frozenset(
        {"look", "survey.write", "self.write", "rectification.write", "report.read"}
    ),
    "host": frozenset({"look", "meeting.run", "paper.count"}),
    "scrutineer": frozenset({"look", "meeting.witness", "paper.count"}),
    "auditor": frozenset({"look", "report.read", "audit.read"}),
}  # fmt: skip
"""Role → what it may do. Nobody but a system admin assesses himself: see `ABOVE`."""

ABOVE = frozenset({"self.recheck", "grade.decide", "round.finalise", "rectification.accept"})
"""What is done from above only: whoever belongs to the very organisation may not."""

PRACTISED = frozenset({"look", "meeting.run", "paper.count"})
"""What may be done in a first rehearsal, by whoever rehearses; nothing in it is ever published."""

_RANKS = ("system_admin", "superior", "organisation_admin")


def may(role: str, action: str) -> bool:
    """Whether the role may do this anywhere; False for what is unknown."""
    return action in RIGHTS.get(role, frozenset())


def may_give(giver: str, role: str) -> bool:
    """Whether an account of the role `giver` may make one of this role: none above its own."""
    if role not in ROLES or not may(giver, "accounts.edit"):
        return False
    rank = _RANKS.index(role) if role in _RANKS else len(_RANKS)
    return rank >= _RANKS.index(giver) and (role != "auditor" or giver == "system_admin")
