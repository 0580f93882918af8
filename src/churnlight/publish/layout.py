"""What is published: tables, their columns with types, and what each means, in both languages.

What the plan and the segments have stands in `layout_beside`. To publish another table, add a
`Table` and a source of its batches in `partition` or `beside`, and tell `installing` how to get
there from the layout before; a changed column needs a new LAYOUT_VERSION.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache

import pyarrow as pa

from churnlight.errors import ChurnlightError
from churnlight.explain.sentences import title
from churnlight.features import dictionary
from churnlight.features.phrases import PHRASES
from churnlight.features.reasons import REASONS
from churnlight.publish.layout_beside import BESIDE, PLAN_CALLS
from churnlight.publish.table import AS_OF, KEY, SUBSCRIBER, VERSION, Column, Table, View
from churnlight.retention.words_columns import COLUMNS

# Of tables and views in the database; it stands in the table `meta`. 2 has the plan and segments.
LAYOUT_VERSION = 2


def _words(key: str) -> str:
    """What the call list says of a column, in both languages."""
    return " · ".join(COLUMNS[f"col_{key}_says"])


META = Table(
    "meta",
    "One row: what made these tables. · 仅一行：本组表的版本信息。",
    (
        Column("only_row", "boolean", "Always true. · 恒为真。", default="true"),
        Column("layout_version", "integer", "Version of tables and views. · 表结构版本。"),
        Column("words_sha256", "text", "Hash of comments and words. · 注释与词汇的哈希。"),
    ),
    ("only_row",),
)
PUBLICATIONS = Table(
    "publications",
    "One row a published month and model; is_current marks the model that the CRM reads. · "
    "每个已发布月份与模型一行；is_current 标出 CRM 所读取的模型。",
    (
        AS_OF,
        VERSION,
        Column("is_current", "boolean", "The published model of its as_of. · 该月生效的模型。"),
        Column(
            "cutoff", "text", "What came later was not known yet. · 数据截止时刻。", required=False
        ),
        Column("model_name", "text", "Name in the registry. · 模型名称。", required=False),
        Column("registry_version", "text", "Version in it. · 注册表版本。", required=False),
        Column("learner", "text", "gbm (LightGBM) or tree. · 学习器。", required=False),
        Column("model_sha256", "text", "Hash of the model. · 模型哈希。"),
        Column(
            "simulated",
            "boolean",
            "Whether a simulator made the subscribers: nobody to call. · 是否为模拟数据。",
        ),
        Column("scores_count", "bigint", "Rows in scores. · 评分行数。"),
        Column("reasons_count", "bigint", "Rows in reasons. · 原因行数。"),
        Column("call_list_count", "bigint", "Subscribers on the call list. · 名单人数。"),
        Column("content_sha256", "text", "Hash of what was published. · 发布内容哈希。"),
        Column("published_at", "timestamp with time zone", "When. · 发布时间。", default="now()"),
        Column("published_by", "text", "By whom. · 发布者。", default="current_user"),
    ),
    ("as_of", "model_version"),
)
SCORES = Table(
    "scores",
    "One row a subscriber, month and model. · 每个用户、月份与模型一行。",
    (
        AS_OF,
        VERSION,
        SUBSCRIBER,
        Column("tier", "text", "Risk tier of the model in use. · 所用模型的风险档位。"),
        Column("probability", "double precision", _words("probability")),
        Column(
            "probability_tree",
            "double precision",
            "The decision tree's probability, as a second opinion. · 决策树给出的概率，供参考。",
        ),
        Column("tier_tree", "text", _words("tree_tier")),
        Column("leaf", "bigint", "The tree's leaf: see its rules. · 决策树叶节点编号。"),
        Column("models_apart", "boolean", _words("apart")),
        Column("monthly_bill_money", "double precision", _words("bill"), required=False),
        Column("value_at_risk_money", "double precision", _words("at_risk"), required=False),
        Column(
            "left_before_cutoff",
            "boolean",
            "Left since as_of, so on no call list. · 基准日后已离网，不进入名单。",
        ),
        Column(
            "call_place",
            "integer",
            "Place on the call list, from 1; empty for others. · 名单序号，未列入者为空。",
            required=False,
        ),
        Column(
            "rose_from",
            "text",
            "Tier of the month before, of who rose two tiers or more since and so stands on top of "
            "the list. · 较上月升高两档及以上者的上月档位，此类用户列于名单之首。",
            required=False,
        ),
    ),
    KEY,
)
REASONS_TABLE = Table(
    "reasons",
    "What raises and lowers each subscriber's score: what the model saw, no cause. · "
    "各用户评分升降的原因：为模型所见，并非起因。",
    (
        AS_OF,
        VERSION,
        SUBSCRIBER,
        Column("direction", "text", "up: raises the score; down: lowers it. · 升高或降低。"),
        Column("rank", "integer", "From 1 within the direction. · 同方向内的名次。"),
        Column("reason", "text", "Code; its words stand in reason_words. · 原因代码。"),
        Column("share", "double precision", _words("share")),
        Column("feature", "text", "Its strongest feature; see feature_words. · 主要特征。"),
        Column(
            "value",
            "text",
            "The feature's value as text; empty when unknown. · 特征取值（文本）。",
            required=False,
        ),
        Column(
            "text_en",
            "text",
            "The reason as a sentence, for the tiers of the list. · 英文语句，仅名单档位。",
            required=False,
        ),
        Column(
            "text_zh",
            "text",
            "The same in Chinese. · 中文语句，仅名单档位。",
            required=False,
        ),
    ),
    (*KEY, "direction", "rank"),
)
FEATURE_WORDS = Table(
    "feature_words",
    "The feature dictionary. · 特征字典。",
    (
        Column("feature", "text", "Name. · 名称。"),
        Column("unit", "text", "Unit. · 单位。"),
        Column("family", "text", "Family. · 类别。"),
        Column("reason", "text", "Code of the reason that it belongs to. · 所属原因。"),
        Column("meaning_en", "text", "Meaning in English. · 英文含义。"),
        Column("meaning_zh", "text", "Meaning in Chinese. · 中文含义。"),
    ),
    ("feature",),
)
REASON_WORDS = Table(
    "reason_words",
    "Titles of the reasons, one row a reason and direction. · 原因标题，每个原因与方向一行。",
    (
        Column("reason", "text", "Code. · 代码。"),
        Column("direction", "text", "up or down. · 升高或降低。"),
        Column("title_en", "text", "Title in English. · 英文标题。"),
        Column("title_zh", "text", "Title in Chinese. · 中文标题。"),
    ),
    ("reason", "direction"),
)
CORE = (META, PUBLICATIONS, SCORES, REASONS_TABLE, FEATURE_WORDS, REASON_WORDS)
TABLES = (*CORE, *BESIDE)

VIEWS = (
    View(
        "current",
        "For the CRM: the scores of the newest month by its published model. · "
        "供 CRM 读取：最新月份、生效模型的评分。",
    ),
    View(
        "current_reasons",
        "For the CRM: the reasons of the newest month in words. · 供 CRM 读取：最新月份的原因。",
    ),
    View(
        "call_list",
        "For the CRM: who to call, in order; nobody who has left, and nobody whom the month's plan "
        "keeps as control or must not contact. · "
        "供 CRM 读取：外呼名单，不含已离网用户，以及方案中的对照组与不得联系者。",
        (
            Column(
                "reasons_en", "text", "What raises the score, one a line. · 英文原因，每行一条。"
            ),
            Column("reasons_zh", "text", "The same in Chinese. · 中文原因，每行一条。"),
        ),
    ),
    PLAN_CALLS,
)


def feature_rows() -> list[tuple[str, ...]]:
    """Rows of `feature_words`, in the catalogue's order."""
    names = ("feature", "unit", "family", "reason", "en", "zh")
    return [tuple(str(row[n]) for n in names) for row in dictionary.rows()]


def reason_rows() -> list[tuple[str, ...]]:
    """Rows of `reason_words`."""
    return [
        (code, way, title(code, "en", way), title(code, "zh", way))
        for code in REASONS
        for way in ("up", "down")
    ]


@cache
def words_sha256() -> str:
    """Hash of everything that is said in words: comments, dictionary, titles, sentences."""
    content = [
        [[t.name, t.says, [[c.name, c.says] for c in t.columns]] for t in TABLES],
        [[v.name, v.says] for v in VIEWS],
        feature_rows(),
        reason_rows(),
        [[p.reason, p.en, p.zh] for p in PHRASES],
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def id_type_of(kind: pa.DataType) -> str:
    """PostgreSQL's type of subscriber_id: bigint or text, as the operator's.

    Raises:
        ChurnlightError: when it is neither whole numbers nor text.
    """
    if pa.types.is_signed_integer(kind):
        return "bigint"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    raise ChurnlightError(f"subscriber_id is {kind}: expected whole numbers (int64) or text")


def lacking(there: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The names that are wanted and not there, in their order."""
    return [name for name in wanted if name not in there]
