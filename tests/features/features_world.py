"""A tiny operator whose features can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from features_tables import Rows, World

MEMBERS = ("A", "S", "R", "G")


def snapshots(who: str, months: Mapping[str, Mapping[str, Any]], **same: Any) -> Rows:
    """Snapshots of one subscriber, month by month."""
    base = {"subscriber_id": who, "status": "active", "activated_on": date(2020, 4, 1)}
    return [base | same | {"month": month} | dict(row) for month, row in months.items()]


JAN, FEB, MAR = "2025-01", "2025-02", "2025-03"
ALL: dict[str, dict[str, Any]] = {JAN: {}, FEB: {}, MAR: {}}


def edge(
    who: str, other: str, events: int, days: int, network: str | None = "own"
) -> dict[str, Any]:
    return {
        "subscriber_id": who,
        "counterpart_id": other,
        "counterpart_network": network,
        "events_count": events,
        "active_days": days,
    }


def _subscribers() -> Rows:
    mine = {
        "account_id": "acc1",
        "payment": "postpaid",
        "brand": "gold brand",
        "vip_tier": "gold",
        "group_id": "g1",
        "group_class": "A",
        "contract_kind": "handset",
        "contract_ends_on": date(2025, 5, 1),
        "handset_since": date(2025, 3, 12),
        "ported_in_on": date(2020, 4, 1),
        "has_broadband": True,
        "region": "north",
        "sex": "f",
    }
    return [
        *snapshots(
            "A",
            {
                JAN: {"status": "suspended", "plan_id": "p1", "handset_id": "h1"},
                FEB: {"plan_id": "p2", "handset_id": "h1"},
                MAR: {"plan_id": "p3", "handset_id": "h2"},
            },
            **mine,
        ),
        # B ported out in March, C is in March's snapshot no more, E stays.
        *snapshots(
            "B",
            {JAN: {}, FEB: {}, MAR: {"status": "ported_out", "status_since": date(2025, 3, 9)}},
            group_id="g1",
        ),
        *snapshots("C", {JAN: {}, FEB: {}}, account_id="acc1"),
        *snapshots("E", ALL, group_id="g1", account_id="acc1"),
        # F left long before the window and still stands in the snapshots.
        *snapshots("F", ALL, status="cancelled", status_since=date(2024, 6, 1), group_id="g1"),
        *snapshots("S", ALL),
        # R's number was another's until February; G left its group in March.
        *snapshots(
            "R",
            {
                JAN: {"activated_on": date(2019, 1, 1), "plan_id": "p1", "group_id": "g1"},
                FEB: {"plan_id": "p2"},
                MAR: {"plan_id": "p3"},
            },
            activated_on=date(2025, 2, 10),
        ),
        *snapshots("G", {JAN: {"group_id": "g2"}, FEB: {"group_id": "g2"}, MAR: {}}),
    ]


def _usage(month_days: int, out_per_day_s: int, **rest: Any) -> dict[str, Any]:
    return {"subscriber_id": "A", "voice_out_s": month_days * out_per_day_s} | rest


def _marts() -> dict[tuple[str, str], Rows]:
    recycled = {"subscriber_id": "R", "voice_out_count": 10}
    return {
        (JAN, "usage"): [
            _usage(
                31,
                600,
                voice_out_count=186,
                voice_in_count=90,
                voice_in_s=31 * 120,
                missed_in_count=20,
                sms_out_count=31,
                data_mb=310.0,
                active_days=31,
                night_share=0.5,
                weekend_share=0.25,
                out_share=0.6,
                cells_count=31,
                rival_hotline_count=1,
                roaming_days=3,
                voice_out_billed_min=330,
                last_at=datetime(2025, 1, 31, 12),
                last_out_at=datetime(2025, 1, 31, 11),
            ),
            recycled | {"voice_out_s": 31 * 6000, "forward_count": 31},
        ],
        (FEB, "usage"): [
            _usage(
                28,
                600,
                voice_out_count=168,
                voice_in_count=60,
                voice_in_s=28 * 120,
                missed_in_count=10,
                sms_out_count=28,
                data_mb=280.0,
                active_days=28,
                night_share=0.3,
                weekend_share=0.35,
                out_share=0.5,
                cells_count=28,
                roaming_days=1,
                voice_out_billed_min=300,
                last_at=datetime(2025, 2, 28, 12),
                last_out_at=datetime(2025, 2, 28, 11),
            ),
            recycled | {"voice_out_s": 28 * 6000},
        ],
        (MAR, "usage"): [
            _usage(
                31,
                300,
                voice_out_count=62,
                voice_in_count=50,
                voice_in_s=31 * 60,
                missed_in_count=20,
                active_days=15,
                night_share=0.1,
                weekend_share=0.3,
                out_share=0.4,
                cells_count=31,
                forward_count=62,
                rival_hotline_count=2,
                voice_out_billed_min=180,
                first_ten_days_count=40,
                middle_ten_days_count=11,
                last_ten_days_count=11,
                last_at=datetime(2025, 3, 29, 23, 59, 59),
                last_out_at=datetime(2025, 3, 25, 0, 0, 0),
            ),
            recycled | {"voice_out_s": 31 * 120},
        ],
        (JAN, "circle"): [
            _circle(31, effective=10, entropy=1.0, balance=0.6, rival=0.2),
        ],
        (FEB, "circle"): [
            _circle(28, effective=8, entropy=1.0, balance=0.6, rival=0.2),
        ],
        (MAR, "circle"): [
            _circle(3, effective=2, entropy=0.4, balance=0.3, rival=0.5),
        ],
        (JAN, "edges"): [
            edge("A", "B", 10, 5),
            edge("A", "C", 4, 2),
            edge("A", "E", 6, 4),
            edge("A", "X", 5, 1, "rival"),
            edge("A", "10000", 9, 3, "service"),
            edge("R", "B", 50, 20),
        ],
        (FEB, "edges"): [
            edge("A", "B", 8, 4),
            edge("A", "C", 2, 1),
            edge("A", "E", 5, 5),
            edge("A", "X", 4, 2, "rival"),
            edge("A", "Y", 3, 1),
            edge("R", "C", 40, 20),
        ],
        (MAR, "edges"): [
            edge("A", "E", 4, 4),
            edge("A", "Y", 2, 2, "rival"),
            edge("A", "Z", 1, 1, None),
            edge("A", "10000", 7, 7, "service"),
            edge("R", "E", 3, 2),
        ],
    }


def _circle(
    contacts: int, *, effective: int, entropy: float, balance: float, rival: float
) -> dict[str, Any]:
    return {
        "subscriber_id": "A",
        "contacts_count": contacts,
        "effective_contacts_count": effective,
        "contact_entropy_nats": entropy,
        "top1_share": rival,
        "top3_share": balance,
        "reciprocated_contacts_share": 0.5,
        "rival_contacts_share": rival,
        "balance_mean": balance,
    }


def _bill(who: str, month: str, total: float, **rest: Any) -> dict[str, Any]:
    return {"subscriber_id": who, "month": month, "total_charge": total} | rest


def _bills() -> Rows:
    return [
        _bill("A", JAN, 100.0, voice_charge=10.0, sms_charge=0.0, data_charge=0.0,
              vas_charge=12.0, discount=25.0, paid=100.0, arrears_end=0.0, balance_end=5.0,
              suspended_days=2, points_balance=1000),
        _bill("A", FEB, 80.0, voice_charge=8.0, sms_charge=4.0, data_charge=4.0,
              vas_charge=12.0, discount=20.0, paid=80.0, arrears_end=0.0, balance_end=5.0,
              suspended_days=0, points_balance=1400),
        _bill("A", MAR, 60.0, voice_charge=18.0, sms_charge=6.0, data_charge=6.0,
              vas_charge=0.0, discount=0.0, paid=0.0, arrears_end=60.0, balance_end=20.0,
              suspended_days=3, points_balance=600),
        _bill("R", JAN, 500.0),
        _bill("R", FEB, 400.0),
        _bill("R", MAR, 30.0),
    ]  # fmt: skip


def tiny_world() -> World:
    care = [
        ("A", datetime(2025, 1, 10, 9), "complaint", datetime(2025, 1, 14, 18)),
        ("A", datetime(2025, 3, 22, 23), "complaint", None),
        ("A", datetime(2025, 3, 20, 10), "port_query", None),
        ("A", datetime(2025, 2, 20, 10), "contract_query", None),
        ("A", datetime(2024, 12, 31, 23, 59, 59), "complaint", None),  # before the window
        ("R", datetime(2025, 1, 15), "complaint", None),  # the forerunner's
    ]
    topups = [
        ("A", datetime(2025, 1, 11, 8), 50.0),
        ("A", datetime(2025, 2, 10, 8), 100.05),
        ("A", datetime(2025, 3, 12, 8), 30.0),
        ("R", datetime(2025, 1, 12), 10.0),
    ]
    services = [(JAN, "ring"), (JAN, "news"), (FEB, "ring"), (FEB, "news"), (MAR, "ring")]
    return World(
        {
            "subscribers": _subscribers(),
            "billing": _bills(),
            "care": [
                {"subscriber_id": w, "happened_at": h, "kind": k, "resolved_at": r}
                for w, h, k, r in care
            ],
            "topups": [{"subscriber_id": w, "paid_at": t, "amount": a} for w, t, a in topups],
            "services": [
                {"subscriber_id": "A", "month": m, "service_id": s} for m, s in services
            ],
            "plans": [
                {"plan_id": "p1", "fee": 100.0, "minutes": 100.0, "data_mb": 100.0},
                {"plan_id": "p2", "fee": 80.0, "minutes": 100.0, "data_mb": 100.0},
                {"plan_id": "p3", "fee": 120.0, "minutes": 540.0, "data_mb": 787.0,
                 "valid_from": date(2024, 1, 1)},
                {"plan_id": "p3", "fee": 110.0, "minutes": 1.0, "data_mb": 1.0},
                {"plan_id": "p3", "fee": 10.0, "minutes": 1.0, "data_mb": 1.0,
                 "valid_from": date(2025, 4, 1)},
            ],
            "handsets": [
                {"handset_id": "h1", "network_generation": "4G", "price": 999.0},
                {"handset_id": "h2", "network_generation": "5G SA", "price": 3000.0},
            ],
        },
        _marts(),
    )  # fmt: skip
