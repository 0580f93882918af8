"""The report as a document: whole, self-contained, escaped, the same every time."""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from churnlight.assess.evaluation import FEW_CHURNERS
from churnlight.report.html import render
from churnlight.report.inputs import Provenance
from churnlight.report.view import SMALL_CHURNERS
from churnlight.report.view_models import verdict

VOID = {"meta", "input", "br", "img", "link"}


class Document(HTMLParser):
    """Tags, attributes and text by language; complains about a tag that is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {"en": "", "zh-CN": ""}
        self._open: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("lang")))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        page = next((lang for tag, lang in self._open if tag == "div" and lang), None)
        inside = {tag for tag, _ in self._open}
        if page and not inside & {"style", "title", "desc"}:
            self.text[page] += " " + data

    def read(self, language: str) -> str:
        return re.sub(r"\s+", " ", self.text[language])


@pytest.fixture(scope="module")
def report(make_inputs):
    return render(make_inputs())


@pytest.fixture(scope="module")
def document(report):
    return Document(report)


def test_same_inputs_same_text(make_inputs, report):
    assert render(make_inputs()) == report


def test_nothing_is_fetched_and_no_script_runs(report, document):
    tags = {tag for tag, _ in document.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed"}
    assert "url(" not in report
    assert "@import" not in report
    addresses = set(re.findall(r"https?://[^\s\"'<]+", report))
    assert addresses == {"http://www.w3.org/2000/svg"}
    links = [a["href"] for tag, a in document.tags if tag == "a"]
    assert links
    assert all(link.startswith("#") for link in links)


def test_every_anchor_leads_somewhere_and_ids_are_unique(document):
    ids = Counter(a["id"] for _, a in document.tags if "id" in a)
    assert [i for i, n in ids.items() if n > 1] == []
    assert {a["href"][1:] for tag, a in document.tags if tag == "a"} <= set(ids)
    labelled = [a["aria-labelledby"].split() for _, a in document.tags if "aria-labelledby" in a]
    assert {i for names in labelled for i in names} <= set(ids)


@pytest.mark.parametrize(("language", "lang"), [("en", "en"), ("zh", "zh-CN")])
def test_it_opens_in_the_language_asked_for_and_has_both(make_inputs, language, lang):
    document = Document(render(make_inputs(language=language)))
    assert dict(document.tags)["html"]["lang"] == lang
    checked = [a["id"] for tag, a in document.tags if tag == "input" and "checked" in a]
    assert checked == [f"pick-{language}"]
    assert "Do the tiers hold?" in document.read("en")
    assert "分档是否可靠" in document.read("zh-CN")


def test_the_headline_says_who_to_call_first(document):
    english, chinese = document.read("en"), document.read("zh-CN")
    assert "8,445 subscribers are ranked" in english
    assert "risk of leaving between 2026-01-01 and 2026-02-28." in english
    # 338 stand in red, 6 of them have left before the cutoff.
    calls = [
        "Call first 332 in the red tier",
        "Then 844 in the yellow tier",
        "Win back 76 in the white tier",
    ]
    places = [english.index(call) for call in calls]
    assert places == sorted(places)
    assert "17 left between 2026-01-01 and 2026-01-06; they are on no call list" in english
    assert "优先联系 红档用户 332 个" in chinese


def test_tiers_of_both_models_with_rate_interval_and_money(document, details):
    english = document.read("en")
    for name, model in (("LightGBM", "gbm"), ("Decision tree", "tree")):
        start = english.index(f"Tiers by {name}, test month 2025-11-01")
        table = english[start : start + 900]
        for tier in details["models"][model]["tiers"]:
            low, high = f"{tier['rate_low']:.1%}"[:-1], f"{tier['rate_high']:.1%}"
            row = (
                f"{tier['tier']} {tier['subscribers']:,} {tier['churners']} "
                f"{tier['rate']:.1%} {low}–{high}"
            )
            assert row in table
            assert f"{tier['bills_at_risk_money']:,.0f}" in table


def test_measures_stand_side_by_side_with_the_baseline(document, details):
    english = document.read("en")
    auc = {m: details["models"][m]["metrics"]["roc_auc"]["value"] for m in ("gbm", "tree")}
    assert re.search(
        rf"ROC AUC chance .{{0,60}} guessing {auc['gbm']:.3f} [\d.–]+ {auc['tree']:.3f} [\d.–]+ "
        "0.612 0.585–0.639",
        english,
    )
    assert "LightGBM − Decision tree PR AUC +0.011 −0.008 … +0.030 may be chance" in english
    assert "LightGBM − Baseline ROC AUC +0.192 +0.168 … +0.216 LightGBM is better" in english


@pytest.mark.parametrize(
    ("key", "low", "high", "expected"),
    [
        ("roc_auc", 0.01, 0.02, "better"),
        ("roc_auc", -0.02, -0.01, "worse"),
        ("roc_auc", -0.01, 0.02, "none"),
        ("roc_auc", 0.0, 0.02, "none"),
        ("brier", -0.02, -0.01, "better"),
        ("log_loss", 0.01, 0.02, "worse"),
        ("pr_auc", None, None, "none"),
    ],
)
def test_a_difference_counts_only_when_its_interval_is_on_one_side(key, low, high, expected):
    assert verdict(key, low, high) == expected


def test_small_means_the_same_as_in_the_evaluation(make_inputs, details):
    assert SMALL_CHURNERS == FEW_CHURNERS
    for churners, small in ((FEW_CHURNERS - 1, True), (FEW_CHURNERS, False)):
        report = render(make_inputs(details=details | {"churners": churners}))
        assert ("Small data" in report) == small


def test_lifts_stand_in_order_of_their_share(make_inputs, details):
    more = deepcopy(details)
    more["models"]["gbm"]["metrics"]["lift_at_0_5"] = {"value": 9.0, "low": 8.0, "high": 10.0}
    english = Document(render(make_inputs(details=more))).read("en")
    places = [english.index(f"Lift at {s}% leavers") for s in ("0.5", "1", "5", "10", "20")]
    assert places == sorted(places)
    assert "0.5% against a random list 9.0× 8.0–10.0 – –" in english


def test_simulated_and_small_are_said_and_only_when_they_hold(make_inputs, details):
    english = Document(render(make_inputs())).read("en")
    assert "figures of a simulated operator" in english
    assert "Small data" not in english
    real = deepcopy(details) | {"simulated": False, "subscribers": 412, "churners": 21}
    document = Document(render(make_inputs(details=real)))
    assert "simulated operator" not in document.read("en")
    assert "Only 21 of the 412 subscribers in the test left" in document.read("en")
    assert "412 个用户中只有 21 个离网" in document.read("zh-CN")


def test_money_is_in_yuan_only_where_it_is(make_inputs, details):
    assert "Money is in yuan, the simulated operator's currency" in Document(
        render(make_inputs())
    ).read("en")
    own = Document(render(make_inputs(details=deepcopy(details) | {"simulated": False})))
    assert "yuan" not in own.read("en")
    assert "元" not in own.read("zh-CN")
    assert "the currency of the operator's own bills" in own.read("en")


def test_the_call_for_white_carries_its_evidence(document, details):
    white = details["models"]["gbm"]["tiers"][4]
    english = document.read("en")
    call = english[english.index("Win back") :][:300]
    assert f"In the test month {white['rate']:.1%} of this tier left" in call


def test_a_tier_that_the_test_cannot_tell_apart_is_called_so(make_inputs, details):
    unsure = deepcopy(details)
    unsure["models"]["gbm"]["tiers"][3] |= {"rate": 0.05, "rate_low": 0.01, "rate_high": 0.2}
    english = Document(render(make_inputs(details=unsure))).read("en")
    assert "The test can't tell this tier from the rest" in english
    assert "does not rise at every step" in english
    sure = Document(render(make_inputs())).read("en")
    assert "can't tell this tier" not in sure
    assert "does not rise at every step" not in sure


def test_features_in_both_languages_strongest_first_and_no_more_than_fifteen(document):
    english, chinese = document.read("en"), document.read("zh-CN")
    assert "The 15 strongest of 17 features" in english
    assert "on the month 2026-01-01" in english
    first = english.index("Days since the last outgoing call or message days_since_out_days")
    assert first < english.index("contract_left_months")
    assert "距最近一次主叫或发短信的天数 days_since_out_days" in chinese
    assert "0.620 17% Activity" in english
    assert "0.620 17% 使用行为" in chinese
    assert "sms_out_count" not in english


def test_attrition_of_the_test_month_and_all_months(document):
    english = document.read("en")
    assert "active at as_of – 19,585 901" in english
    # 19,585 x 0.93 = 18,214.05
    assert "on the books for the whole window 1,371 18,214 838" in english
    assert "2025-04-01 fit" in english
    row = english[english.rindex("enough outgoing minutes") :][:200]
    cells = re.findall(r"[\d,]+(?: \([\d,]+\))?", row)[:7]
    assert "(" in cells[5]
    assert "(" not in cells[6], "nobody knows yet who leaves the month that is scored"


def test_the_dates_of_the_test_month_are_spelt_out(document):
    english = document.read("en")
    assert "window 2025-08-01 to before 2025-11-01" in english
    assert "cutoff 2025-11-06" in english
    assert "horizon 2025-11-01 to before 2026-01-01" in english


def test_each_number_says_where_it_comes_from(document):
    english = document.read("en")
    for said in (
        "From data/evaluation/details.json · stage evaluate",
        "data/scores/as_of=2026-01-01/scores.parquet",
        "3f9c2ab41d7e6508c1b2a9e87d4f60b5a3c19e72",
        "models/gbm " + "77d1" * 16,
        "train.seed 0",
        "time.horizon_days –",
    ):
        assert said in english


def test_values_from_outside_are_escaped(make_inputs, details, importance):
    hostile = '"><script>alert(1)</script>{{ 7*7 }}'
    changed = deepcopy(details)
    for model in changed["models"].values():
        model["tiers"][4]["tier"] = hostile
    scored = deepcopy(make_inputs().scored)
    scored["tiers"][4]["tier"] = hostile
    report = render(
        make_inputs(
            details=changed,
            scored=scored,
            importance=[{**importance[0], "feature": hostile, "en": hostile, "family": hostile}],
            attrition={
                "2025-11-01": {
                    "rules": [{"rule": hostile, "subscribers_left": 5, "churners_left": 1}]
                }
            },
            provenance=Provenance(hostile, {hostile: hostile}, {hostile: [hostile]}),
        )
    )
    assert "<script" not in report
    assert "49" not in Document(report).read("en").split()
    assert "<script>alert(1)</script>{{ 7*7 }}" in Document(report).read("en")


def test_tables_have_captions_and_scopes_and_headings_never_skip(report, document):
    tags = [tag for tag, _ in document.tags]
    assert tags.count("table") == tags.count("caption") > 10
    assert all(a.get("scope") in {"row", "col"} for tag, a in document.tags if tag == "th")
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 2
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert report.count("<svg") == report.count('role="img"') == report.count("<desc")


def test_it_holds_without_scores_baseline_bills_features_or_outcome(make_inputs, details):
    bare = deepcopy(details) | {"baseline": None, "paired": {}}
    for model in bare["models"].values():
        model["reliability"] = []
        for tier in model["tiers"]:
            tier |= {"monthly_bills_money": None, "bills_at_risk_money": None}
        model["tiers"][4] |= {
            "subscribers": 0,
            "churners": 0,
            "rate": None,
            "rate_low": None,
            "rate_high": None,
        }
        model["metrics"]["roc_auc"] = {"value": None, "low": None, "high": None}
    inputs = make_inputs(
        details=bare, scored=None, importance=[], attrition={}, provenance=Provenance()
    )
    english = Document(render(inputs)).read("en")
    assert "No month has been scored yet" in english
    assert "Call first" not in english
    assert "Baseline:" not in english
    assert "each MLflow run carries it" in english
    assert "None" not in english
    assert "nan" not in english.split()


def test_calibration_without_a_month_of_its_own_is_said(make_inputs):
    english = Document(render(make_inputs())).read("en")
    assert "Calibrated on a later month than the model learned from" in english
    as_ofs = {"2025-09-01": "fit", "2025-11-01": "test", "2026-01-01": "score"}
    english = Document(render(make_inputs(as_ofs=as_ofs))).read("en")
    assert "cross-fitted" in english
