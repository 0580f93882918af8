"""Every feature of the tiny world, worked out by hand (see features_world for its rows)."""

from __future__ import annotations

from typing import Any

import pytest

from churnlight.features import CATALOGUE

# January has 31 days, February 28, March 31; as_of is 1 April 2025.
BY_HAND: dict[str, dict[str, Any]] = {
    # A: contacts of February B C E X Y, of March E Y Z (service numbers are none).
    "A": {
        "contacts_count": 3,
        "effective_contacts_count": 2,
        "contact_entropy_nats": (1.0 + 1.0 + 0.4) / 3,
        "top1_contact_share": 0.3,
        "top3_contacts_share": 0.5,
        "reciprocated_contacts_share": 0.5,
        # a contact a day in January and February, 3/31 in March
        "contacts_last_over_mean_ratio": (3 / 31) / ((1 + 1 + 3 / 31) / 3),
        "effective_contacts_trend_share_per_month": (
            ((2 / 31 - 10 / 31) / 2) / ((10 / 31 + 8 / 28 + 2 / 31) / 3)
        ),
        "contact_entropy_change_nats": -0.6,
        "balance_share": 0.5,
        "balance_change_share": -0.3,
        "rival_contacts_share": 0.3,
        "rival_contacts_change_share": 0.3,
        # 54 events; X 5 and 4, Y's 2 in March
        "rival_events_share": 11 / 54,
        "contacts_kept_share": 2 / 5,
        "contacts_lost_count": 3,
        "contacts_gained_share": 1 / 3,
        "strong_contacts_count": 1,
        "strong_contacts_lost_share": 1 / 2,
        # B ported out (18 events), C vanished (6); Y went to a rival (5)
        "contacts_left_count": 2,
        "contacts_left_share": 2 / 6,
        "contacts_left_weighted_share": 24 / 54,
        "strong_contacts_left_count": 1,
        "contacts_to_rival_count": 2,
        "contacts_to_rival_weighted_share": 23 / 54,
        # 600, 600 and 300 seconds a day: a shorter February is no decline
        "voice_out_min_per_day": 500 / 60,
        "voice_in_min_per_day": 100 / 60,
        "sms_out_count_per_day": 2 / 3,
        "data_mb_per_day": 20 / 3,
        "active_days_share": (1 + 1 + 15 / 31) / 3,
        "voice_out_last_over_mean_ratio": 0.6,
        "voice_in_last_over_mean_ratio": 0.6,
        "sms_out_last_over_mean_ratio": 0,
        "data_last_over_mean_ratio": 0,
        # 6, 6 and 2 calls a day out; 90, 60 and 50 in; no data sessions. Each a tenth higher.
        "voice_out_count_last_over_first_ratio": 2.1 / 6.1,
        "voice_in_count_last_over_first_ratio": (50 / 31 + 0.1) / (90 / 31 + 0.1),
        "use_last_over_first_ratio": (
            (2.1 / 6.1 * (50 / 31 + 0.1) / (90 / 31 + 0.1) * 1) ** (1 / 3)
        ),
        "use_last_over_before_ratio": (
            (2.1 / 6.1 * (50 / 31 + 0.1) / (60 / 28 + 0.1) * 1) ** (1 / 3)
        ),
        "active_days_change_share": 15 / 31 - 1,
        "voice_out_trend_share_per_month": -150 / 500,
        "data_trend_share_per_month": -5 / (20 / 3),
        "voice_out_volatility_ratio": 20000**0.5 / 500,
        "voice_out_zero_months": 0,
        "data_zero_months": 1,
        "silent_days": 2,  # 30 and 31 March
        "silent_out_days": 6,  # 26 to 31 March
        "last_ten_days_ratio": (11 / 11) / (62 / 31),
        "night_share": 0.3,
        "weekend_share": 0.3,
        "out_share": 0.5,
        "out_change_share": 0.4 - 0.55,
        "missed_in_share": 50 / 200,
        "forward_count_per_day": 2 / 3,
        "forward_change_count_per_day": 2,
        "rival_hotline_count": 3,
        "roaming_days": 4,
        "cells_count": 30,
        "cells_last_over_mean_ratio": 1,
        "voice_out_call_s": (100 + 100 + 150) / 3,
        "tenure_days": 1826,  # five years, of which 2024 was a leap year
        "ported_in_flag": 1,
        "vip_tier_category": "gold",
        "suspended_months": 1,
        "bill_money": 80,
        "bill_last_over_mean_ratio": 0.75,
        "bill_trend_share_per_month": -20 / 80,
        "bill_volatility_ratio": (800 / 3) ** 0.5 / 80,
        # 10 of 100, 16 of 80, 30 of 60
        "overage_share": 0.8 / 3,
        "overage_change_share": 0.5 - 0.15,
        "voice_allowance_ratio": 270 / 540,
        "data_allowance_ratio": (590 / 3) / 787,
        "vas_share": 24 / 240,
        # 25 of 125, 20 of 100, none
        "discount_share": 0.4 / 3,
        "discount_change_share": -0.2,
        "arrears_money": 60,
        "arrears_months": 1,
        "suspended_days": 5,
        "paid_share": 180 / 240,
        "balance_over_bill_ratio": 20 / 80,
        "points_count": 600,
        "points_last_over_mean_ratio": 600 / 1000,
        "topups_count": 3,
        "topup_mean_money": 180.05 / 3,
        "since_topup_days": 20,
        "topup_gap_ratio": 20 / 30,
        "extra_services_count": 1,
        "extra_services_change_count": -1,
        "payment_category": "postpaid",
        "contract_kind_category": "handset",
        "under_contract_flag": 1,
        "contract_left_days": 30,
        "contract_expired_flag": 0,
        # 100, then 80, then 120 yuan; April's version of p3 has not begun
        "plan_changes_count": 2,
        "plan_up_count": 1,
        "plan_down_count": 1,
        "plan_fee_money": 120,
        "brand_category": "gold brand",
        "handset_age_days": 20,
        "handset_changed_flag": 1,
        "handset_generation_rank": 5,
        "handset_price_money": 3000,
        # not the one of 31 December
        "care_contacts_count": 4,
        "since_care_days": 10,
        "complaints_count": 2,
        "open_complaints_count": 1,
        "complaint_resolution_days": 4,
        "port_queries_count": 1,
        "contract_queries_count": 1,
        # A and E are there, B has left; F left long ago
        "group_member_flag": 1,
        "group_class_category": "A",
        "group_size_count": 2,
        "group_left_share": 1 / 3,
        "group_dropped_flag": 0,
        # A and E; C has left
        "account_lines_count": 2,
        "account_left_count": 1,
        "broadband_flag": 1,
        "region_category": "north",
        "age_band_category": "unknown",
        "sex_category": "f",
    },
    # R: of the number's three months only March is R's; 3 events with E.
    "R": {
        "contacts_left_count": 0,
        "contacts_left_weighted_share": 0,
        "contacts_lost_count": None,
        "contacts_last_over_mean_ratio": None,
        "voice_out_min_per_day": 2,
        "voice_out_last_over_mean_ratio": None,
        "voice_out_trend_share_per_month": None,
        "voice_out_call_s": 372,
        "forward_count_per_day": 0,
        "bill_money": 30,
        "bill_trend_share_per_month": None,
        "topups_count": 0,
        "complaints_count": 0,
        "tenure_days": 50,
        "plan_changes_count": None,
        "plan_fee_money": 120,
        "group_dropped_flag": None,
    },
    "G": {"group_dropped_flag": 1, "group_size_count": 0, "account_lines_count": 1},
}


def test_all_features_of_a(features: dict[str, dict[str, Any]]) -> None:
    assert list(features["A"]) == ["subscriber_id", *(f.name for f in CATALOGUE)]
    assert set(BY_HAND["A"]) == {f.name for f in CATALOGUE}


@pytest.mark.parametrize(
    ("member", "name"), [(who, name) for who, known in BY_HAND.items() for name in known]
)
def test_by_hand(features: dict[str, dict[str, Any]], member: str, name: str) -> None:
    expected = BY_HAND[member][name]
    got = features[member][name]
    if expected is None or isinstance(expected, str):
        assert got == expected
    else:
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_the_silent_stay_with_what_silence_means(features: dict[str, dict[str, Any]]) -> None:
    silent = features["S"]
    assert set(features) == {"A", "S", "R", "G"}
    assert silent["silent_days"] == silent["silent_out_days"] == 31 + 28 + 31
    assert silent["voice_out_zero_months"] == silent["data_zero_months"] == 3
    assert silent["since_topup_days"] == silent["since_care_days"] == 90
    assert silent["voice_out_min_per_day"] == silent["contacts_count"] == 0
    assert silent["voice_out_last_over_mean_ratio"] == 1  # nothing changed
    # A share of nothing and a bill that never came are unknown, not zero.
    assert silent["night_share"] is None
    assert silent["bill_money"] is None
    assert silent["arrears_months"] is None
