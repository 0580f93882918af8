"""The report's sentences about movements between two scored months; see `words`."""

from __future__ import annotations

MOVEMENTS = {
    "movements": ("Movements since {before}", "自 {before} 以来的变动"),
    "movements_none": ("Movements", "档位变动"),
    "moved_none": (
        "No month was scored before {as_of}: who moved will be seen from the next month on.",
        "{as_of} 之前尚无评分月份，变动从下个月起可见。",
    ),
    "moved_says": (
        "Since {before}, {rose} subscribers rose to a higher tier, {fell} fell to a lower one and "
        "{same} stayed.",
        "自 {before} 以来，{rose} 个用户升档，{fell} 个降档，{same} 个不变。",
    ),
    "moved_money": (
        "With those who rose {risk} a month is at risk now, {then} then.",
        "升档用户目前每月风险金额 {risk}，当时为 {then}。",
    ),
    "moved_two": (
        "{two} rose two tiers or more. {listed} of them stand on top of the call list, marked ▲: "
        "call them first.",
        "其中 {two} 个升两档及以上，{listed} 个排在外呼名单最前（标 ▲），请优先联系。",
    ),
    "moved_two_all": (
        "{two} rose two tiers or more. They stand on top of the call list, marked ▲: call them "
        "first.",
        "其中 {two} 个升两档及以上，排在外呼名单最前（标 ▲），请优先联系。",
    ),
    "moved_two_none": ("Nobody rose two tiers or more.", "没有用户升两档及以上。"),
    "moved_far": (
        "The month scored before is {months} months back: what lay between is not seen.",
        "上次评分距今 {months} 个月，其间的变动不可见。",
    ),
    "moved_models": (
        "These are tiers of different models, or of different cuts ({then} then, {now} now): part "
        "of the movement is theirs, and not the subscribers'.",
        "两个月的档位来自不同的模型或分界（当时 {then}，现在 {now}），部分变动源于模型而非用户。",
    ),
    "moved_models_unknown": (
        "Which model scored {before} is not on record: if it was another one, part of the movement "
        "is the model's.",
        "{before} 由哪个模型评分没有记录；若模型不同，部分变动源于模型。",
    ),
    "moved_held": (
        "A margin around the cuts (score.hysteresis) holds {higher} subscribers in a higher tier "
        "and {lower} in a lower one than their score alone gives.",
        "分界处的缓冲（score.hysteresis）使 {higher} 个用户的档位高于、"
        "{lower} 个低于仅凭评分的档位。",
    ),
    "moved_lost": (
        "{count} were then in a tier that is none any more; they count as neither risen nor "
        "fallen.",
        "{count} 个用户当时的档位现已取消，不计入升降。",
    ),
    "moved_note": (
        "Money is a month's: of who is scored now, this month's; of who is gone, the earlier "
        "month's. Value at risk is the probability of leaving × mean monthly bill. Who left before "
        "the cutoff counts here and is on no list.",
        "金额按月计：现有用户取本月，已离开者取此前月份。风险金额为离网概率 × 月均账单。"
        "数据截止前已离网的用户计入此表，但不进入名单。",
    ),
    "moved_how": ("What happened", "变动"),
    "moved_subscribers": ("Subscribers", "用户数"),
    "moved_bills": ("Monthly bills", "每月账单"),
    "moved_then": ("At risk then", "当时风险金额"),
    "moved_now": ("At risk now", "目前风险金额"),
    "moved_summary": ("How many moved, and their money", "变动人数与金额"),
    "moved_matrix": (
        "From tier to tier: subscribers, share of the tier then, money at risk a month",
        "档位转移：用户数、占当时档位的比例、每月风险金额",
    ),
    "moved_from": ("Tier then", "当时档位"),
    "movement_rose_two": ("Rose two tiers or more", "升两档及以上"),
    "movement_rose_one": ("Rose one tier", "升一档"),
    "movement_same": ("Stayed", "不变"),
    "movement_fell": ("Fell", "降档"),
    "movement_not_comparable": ("Not comparable", "无法比较"),
    "movement_new": ("New in the cohort", "新进入群体"),
    "movement_left_books": ("Gone: left the books", "离开：已离网"),
    "movement_below_rules": (
        "Gone: on the books, left out by a rule of the cohort",
        "离开：仍在网，不再符合群体条件",
    ),
    "movement_unknown": ("Gone: why is not known", "离开：原因不明"),
    "movement_to_gone": ("gone", "离开"),
    "movement_from_new": ("new", "新进入"),
}
