"""JSON Schemas of what goes over the voters' API."""

from __future__ import annotations

from typing import Any

from app.domain.ballot import IV_BYTES, TRACKER_BYTES
from app.domain.credential import ELEMENT_BYTES, NONCE_BYTES, PROOF_BYTES, PROTOCOL
from app.domain.meeting import ABSTAIN, K_LEAST, K_MOST, POLICIES

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**members: Schema) -> Schema:
    """An object that has all of these members and no others."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _with(schema: Schema, **members: Schema) -> Schema:
    """The same object, which may have these members too."""
    return {**schema, "properties": {**schema["properties"], **members}}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _text(description: str = "", **rest: Any) -> Schema:
    return {"type": "string", **({"description": description} if description else {}), **rest}


def _binary(length: int, description: str) -> Schema:
    """Base64url without padding of `length` bytes."""
    characters = -(-length * 4 // 3)
    return _text(f"{description}（{length} 字节）", pattern=f"^[A-Za-z0-9_-]{{{characters}}}$")


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [{"type": "null"}, schema]}


NUMBER: Schema = {"type": "integer", "minimum": 0}
GROUP = _text("参会人员类别的编号", examples=["g1"])
CELL = _text("票格编号：测评对象.题目", examples=["s01.q1"])
CHOICE = _text(f"选项的值；{ABSTAIN} 为弃权", examples=["option1", ABSTAIN])
TRACKER = _binary(TRACKER_BYTES, "查验号")

SCHEMAS: dict[str, Schema] = {
    "Error": _object(error=_text("给程序看的代码"), message=_text("给人看的话，可以原样显示")),
    "Meeting": _object(
        protocol={"const": PROTOCOL},
        code=_text("测评会编号", pattern="^[0-9A-HJKMNP-TV-Z]{6}$"),
        title=_text("名称；演练时以【演练】开头"),
        host=_text("主持单位，可以为空"),
        state=_text(enum=["open", "closed", "voided"]),
        groups=_list(
            _object(code=GROUP, name=_text(), public_key=_binary(ELEMENT_BYTES, "该类别的公钥"))
        ),
        subjects=_list(_object(id=_text(examples=["s01"]), name=_text("测评对象的名称"))),
        questions=_list(
            _object(
                id=_text(examples=["q1"]),
                kind=_text(enum=["grade", "satisfaction", "indicator"]),
                title=_text(),
            )
        ),
        cells=_list(
            _object(
                id=CELL,
                subject=_text(),
                question=_text(),
                choices=_list(_object(value=CHOICE, label=_text("显示给投票人的文字"))),
            )
        ),
        policy=_object(
            live=_text("大屏公布方式", enum=list(POLICIES)),
            k={"type": "integer", "minimum": K_LEAST, "maximum": K_MOST},
        ),
    ),
    "CredentialRequest": _object(
        token=_text("票码：16 个 Crockford 字符；连字符、空格、大小写不论，I、L 作 1，O 作 0"),
        blinded=_binary(ELEMENT_BYTES, "盲化后的元素"),
    ),
    "Credential": _object(
        group=GROUP,
        evaluated=_binary(ELEMENT_BYTES, "求值后的元素"),
        proof=_binary(PROOF_BYTES, "RFC 9497 的证明，先 c 后 s"),
    ),
    "BallotRequest": _object(
        group=_text("换取凭证时得知的类别"),
        nonce=_binary(NONCE_BYTES, "凭证的随机数"),
        iv=_binary(IV_BYTES, "ChaCha20-Poly1305 的 iv"),
        sealed=_text("封好的选票", pattern="^[A-Za-z0-9_-]*$"),
    ),
    "Accepted": _object(accepted={"const": True}),
    "Satisfaction": _object(
        numerator=NUMBER,
        denominator=NUMBER,
        percent=_text("百分数，不带百分号；没有分母时为 —", pattern=r"^(—|\d{1,3}\.\d{2,})$"),
    ),
    "Picture": _object(
        at={**NUMBER, "description": "统计了多少张选票"},
        cells=_map({**_map(NUMBER), "description": "选项 → 票数", "required": [ABSTAIN]}),
        satisfaction=_map(ref("Satisfaction")),
    ),
    "Live": _with(
        _object(
            state=_text(enum=["open", "closed", "voided"]),
            cast={**NUMBER, "description": "已投票数，随时更新；计票后含有效的纸质票"},
            released=_nullable(ref("Picture")),
        ),
        closing={
            **_object(seconds=_nullable(NUMBER)),
            "description": "主持人已开始倒计时，才有：还有几秒自动结束；null 为等扫过码的人都投出",
        },
        paper={
            **_object(valid=NUMBER, invalid=NUMBER),
            "description": "计票后，有纸质票的才有：加进结果的张数和无效的张数；票箱里没有这些票",
        },
    ),
    "Box": _object(
        protocol={"const": PROTOCOL},
        meeting=_text("测评会编号"),
        counts=_map(
            _object(issued=NUMBER, redeemed=NUMBER, cast=NUMBER, voided=NUMBER, unused=NUMBER)
        ),
        lists=_list(
            _object(
                group=_text("类别；* 为合并统计的各类别"),
                cell=CELL,
                marks=_list(
                    {
                        "type": "array",
                        "description": "查验号，选项",
                        "items": {"anyOf": [TRACKER, CHOICE]},
                        "minItems": 2,
                        "maxItems": 2,
                    }
                ),
            )
        ),
        digest=_text("其余四项的规范 JSON 的 SHA-256，十六进制", pattern="^[0-9a-f]{64}$"),
    ),
}
