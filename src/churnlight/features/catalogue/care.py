"""Care: contacts with the operator in the window."""

from __future__ import annotations

from churnlight.features.feature import Feature, Nothing
from churnlight.features.row import ratio

FEATURES: tuple[Feature, ...] = (
    Feature(
        "care_contacts_count",
        "count",
        "care",
        "service_trouble",
        "Contacts with customer care in the window, of any kind",
        "窗口内客服联系次数（各类）",
        lambda r: r["care_count"],
        nothing=0,
    ),
    Feature(
        "since_care_days",
        "days",
        "care",
        "service_trouble",
        "Days from the last contact with customer care to as_of",
        "距最近一次客服联系的天数",
        lambda r: r.days_since(r["care_last_day"]),
        nothing=Nothing.WINDOW_DAYS,
        months=1,
    ),
    Feature(
        "complaints_count",
        "count",
        "care",
        "service_trouble",
        "Complaints in the window",
        "窗口内投诉次数",
        lambda r: r["care_complaints"],
        nothing=0,
    ),
    Feature(
        "open_complaints_count",
        "count",
        "care",
        "service_trouble",
        "Complaints of the window not known to be resolved before the cutoff",
        "窗口内投诉中截止日前未解决的件数",
        lambda r: r["care_open_complaints"],
        nothing=0,
    ),
    Feature(
        "complaint_resolution_days",
        "days",
        "care",
        "service_trouble",
        "Days to resolve a complaint, mean over those resolved",
        "投诉平均解决天数（已解决的）",
        lambda r: ratio(
            r["care_resolution_days"], r["care_complaints"] - r["care_open_complaints"]
        ),
    ),
    Feature(
        "port_queries_count",
        "count",
        "care",
        "rival_interest",
        "Questions about moving the number to another operator, in the window",
        "窗口内咨询携号转网次数",
        lambda r: r["care_port_queries"],
        nothing=0,
    ),
    Feature(
        "contract_queries_count",
        "count",
        "care",
        "contract_ending",
        "Questions about the contract in the window",
        "窗口内咨询合约次数",
        lambda r: r["care_contract_queries"],
        nothing=0,
    ),
)
