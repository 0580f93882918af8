"""Values that are not as they should be: times, numbers, text."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
from hostile_cases import BILLS, BOOK, CDR, Case, Fates, call, file, lines, parquet, refuses

from churnlight.timeline import Month

# The first row of each file is good: a column of which nothing can be read is another case.
OTHER_STYLES = (
    "31/01/2020",
    "01/31/2020",
    "2020/01/31",
    "31.01.2020",
    "20200131",
    "2020年1月31日",
    "31-Jan-2020",
)
NOON = [datetime(2025, 1, 5, 12)]
DATES = tuple(
    Case(
        f"a date as {style}",
        "subscribers",
        file(lines(BOOK, "s1,active,2020-01-31,a", f"s2,active,{style},a")),
        Fates(2, 1, {"activated_on_unparsable": 1}),
    )
    for style in OTHER_STYLES
)


def at(*times: str) -> str:
    return lines(CDR, *(f"s{i},voice,out,{time},60" for i, time in enumerate(times)))


TIMES = (
    Case(
        "all dates in another style",
        "subscribers",
        file(lines(BOOK, "s1,active,31/01/2020,a", "s2,active,31/01/2021,a")),
        refuses("'activated_on' can't be read in any of the 2 rows", "dates, as 2025-01-31"),
    ),
    Case(
        "an hour that summer time leaves out",
        "cdr",
        file(at("2025-03-30 02:30:00", "2025-03-09 02:30:00", "2025-03-30 01:59:59.999999")),
        Fates(3, 3),
        Month(2025, 3),
    ),
    Case(
        "an hour that winter time repeats",
        "cdr",
        file(
            lines(
                CDR,
                *["s1,voice,out,2025-10-26 02:30:00,60"] * 2,
                "s1,voice,out,2025-10-26 02:30:00,61",
            )
        ),
        Fates(3, 2, duplicates={"duplicate": 1}),
        Month(2025, 10),
    ),
    Case(
        "29 February of a leap year",
        "cdr",
        file(at("2024-02-29 23:59:59", "2024-03-01")),
        Fates(2, 1, {"time_outside_month": 1}),
        Month(2024, 2),
    ),
    Case(
        "29 February of another year",
        "cdr",
        file(at("2025-02-29 10:00:00", "2025-02-28 10:00:00")),
        Fates(2, 1, {"started_at_unparsable": 1}),
        Month(2025, 2),
    ),
    Case(
        "29 February 1900",
        "subscribers",
        file(lines(BOOK, "s1,active,1900-02-29,a", "s2,active,2000-02-29,a")),
        Fates(2, 1, {"activated_on_unparsable": 1}),
    ),
    Case(
        "24 o'clock and a 61st second",
        "cdr",
        file(at("2025-01-05 24:00:00", "2025-01-05 10:00:61", "2025-01-05 10:00")),
        Fates(3, 1, {"started_at_unparsable": 2}),
    ),
    Case(
        "the year 9999 in CSV",
        "cdr",
        file(at("9999-12-31 23:59:59", "2025-01-05")),
        Fates(2, 1, {"time_outside_month": 1}),
    ),
    Case(
        "the year 9999 in Parquet",
        "numbers",
        parquet(
            {
                "subscriber_id": ["a", "b"],
                "number_id": ["n1", "n2"],
                "valid_to": pa.array([datetime(9999, 12, 31), None], pa.timestamp("us")),
            }
        ),
        Fates(2, 2),
    ),
    Case(
        "milliseconds since 1970 in CSV",
        "cdr",
        file(at("1736035200000", "2025-01-05")),
        Fates(2, 1, {"started_at_unparsable": 1}),
    ),
    Case(
        "milliseconds since 1970 in Parquet",
        "topups",
        parquet({"subscriber_id": ["a"], "paid_at": [1736035200000], "amount": [1.0]}),
        refuses("'paid_at' holds int64", "milliseconds since 1970?", "wall-clock"),
    ),
    Case(
        "times with a zone in CSV",
        "cdr",
        file(at("2025-01-05T10:00:00Z", "2025-01-05T10:00:00+08:00", "2025-01-05")),
        Fates(3, 1, {"started_at_unparsable": 2}),
    ),
    Case(
        "times with a zone in Parquet",
        "topups",
        parquet(
            {
                "subscriber_id": ["a"],
                "paid_at": pa.array([datetime(2025, 1, 5)], pa.timestamp("us", "Asia/Shanghai")),
                "amount": [1.0],
            }
        ),
        refuses("'paid_at' holds timestamp[us, tz=Asia/Shanghai]", "drop the zone"),
    ),
    Case(
        "a folder of one month with CDRs of another",
        "cdr",
        file(at("2025-02-05 10:00:00", "2025-02-06 10:00:00")),
        Fates(2, 0, {"time_outside_month": 2}),
    ),
    Case(
        "a folder of one month with bills of another",
        "billing",
        file("subscriber_id,month,total_charge\ns1,2025-01,10\ns2,2025-02,10\ns3,2025-1,10\n"),
        Fates(3, 1, {"month_outside_partition": 2}),
    ),
)


def bills(*charges: str) -> str:
    return lines(BILLS, *(f"s{i},{charge}" for i, charge in enumerate(charges)))


NUMBERS = (
    Case(
        "thousands separators",
        "billing",
        file(bills('"1,234.50"', "1 234.50", "1'234.50", "1234.50")),
        Fates(4, 1, {"total_charge_unparsable": 3}),
    ),
    Case(
        "a comma for the decimals, in quotes",
        "billing",
        file(bills('"12,50"', "12.50")),
        Fates(2, 1, {"total_charge_unparsable": 1}),
    ),
    Case(
        "a currency with the number",
        "billing",
        file(bills("¥12", "12 yuan", "12")),
        Fates(3, 1, {"total_charge_unparsable": 2}),
    ),
    Case(
        "digits of other scripts",
        "billing",
        file(bills("１２", "١٢", "一十二", "12")),
        Fates(4, 1, {"total_charge_unparsable": 3}),
    ),
    Case(
        "numbers as text in Parquet",
        "billing",
        parquet({"subscriber_id": ["a"], "total_charge": ["12.50"]}),
        refuses("'total_charge' holds string", "numbers (money)", "written as text"),
    ),
    Case(
        "not a number in CSV",
        "billing",
        file(bills("NaN", "nan", "inf", "-Infinity", "NULL", "12")),
        Fates(6, 1, {"total_charge_unparsable": 5}),
    ),
    Case(
        "not a number and infinity in Parquet",
        "billing",
        parquet(
            {
                "subscriber_id": [*"abcd"],
                "total_charge": [float("nan"), float("inf"), float("-inf"), 1.0],
            }
        ),
        Fates(4, 1, {"total_charge_not_finite": 3}),
    ),
    Case(
        "a number beyond doubles",
        "billing",
        file(bills("1e400", "-1e308", "1e308")),
        Fates(3, 2, {"total_charge_not_finite": 1}),
    ),
    Case(
        "not a number alone in Parquet",
        "billing",
        parquet({"subscriber_id": [*"abc"], "total_charge": [float("nan"), 2.0, 2.0]}),
        Fates(3, 2, {"total_charge_not_finite": 1}),
    ),
    Case("-0 in CSV", "billing", file(bills("-0", "-0.0", "0")), Fates(3, 3)),
    Case(
        "-0 in Parquet",
        "billing",
        parquet({"subscriber_id": ["a", "b"], "total_charge": [-0.0, 0.0]}),
        Fates(2, 2),
    ),
    Case(
        "-0 as whole number",
        "cdr",
        file(lines(CDR, call(1, seconds="-0"), call(2, seconds="0"))),
        Fates(2, 2),
    ),
    Case(
        "whole numbers beyond 64 bits in CSV",
        "cdr",
        file(
            lines(
                CDR,
                *(
                    call(d, seconds=s)
                    for d, s in enumerate(
                        (
                            "9223372036854775808",
                            "-9223372036854775809",
                            "99999999999999999999",
                            "60",
                        ),
                        1,
                    )
                ),
            )
        ),
        Fates(4, 1, {"duration_s_unparsable": 3}),
    ),
    Case(
        "whole numbers beyond 64 bits in Parquet",
        "services",
        parquet(
            {
                "subscriber_id": ["a", "b", "c"],
                "service_id": ["x", "x", "x"],
                "uses": pa.array([2**64 - 1, 2**63, 7], pa.uint64()),
            }
        ),
        Fates(3, 1, {"uses_unparsable": 2}),
    ),
    Case(
        "whole numbers of 38 digits in Parquet",
        "services",
        parquet(
            {
                "subscriber_id": ["a", "b"],
                "service_id": ["x", "x"],
                "uses": pa.array([Decimal(10**37), Decimal(7)], pa.decimal128(38, 0)),
            }
        ),
        Fates(2, 1, {"uses_unparsable": 1}),
    ),
    Case(
        "halves where whole numbers belong",
        "services",
        parquet(
            {
                "subscriber_id": ["a", "b", "c"],
                "service_id": ["x"] * 3,
                "uses": [1.5, 2.0, float("nan")],
            }
        ),
        Fates(3, 2, {"uses_unparsable": 1}),
    ),
    Case(
        "true and false as words",
        "subscribers",
        file(
            "subscriber_id,status,activated_on,is_staff\ns1,active,2020-01-01,maybe\ns2,active,2020-01-01,TRUE\n"
        ),
        Fates(2, 1, {"is_staff_unparsable": 1}),
    ),
)

TEXTS = (
    Case(
        "a text of 10 MB in Parquet",
        "care",
        parquet({"subscriber_id": ["a"], "happened_at": NOON, "kind": ["x" * 10_000_000]}),
        Fates(1, 1),
    ),
    Case(
        "a null byte in a text in Parquet",
        "care",
        parquet(
            {"subscriber_id": ["a", "a"], "happened_at": NOON * 2, "kind": ["inquiry", "in\0quiry"]}
        ),
        Fates(2, 1, {"kind_unparsable": 1}),
    ),
    Case(
        "values in capitals and with spaces",
        "cdr",
        file(lines(CDR, call(1).replace("voice", "VOICE"), call(2).replace("voice", " voice "))),
        Fates(2, 1, {"kind_unknown": 1}),
    ),
    Case(
        "a value that no list has",
        "cdr",
        file(lines(CDR + ",roaming", call(1) + ",mars", call(2) + ",home")),
        Fates(2, 2, unknown={"roaming": 1}),
    ),
    Case(
        "ids that are telephone numbers",
        "cdr",
        file(lines(CDR, *(call(1 + i, f"1391234567{i}") for i in range(8)))),
        refuses("8 of 8 ids sampled", "telephone", "pseudonymise", unsaid=("13912345670",)),
    ),
    Case(
        "empty ids",
        "cdr",
        file(lines(CDR, call(1, ""), call(2, "  "), call(3, '""'), call(4))),
        Fates(4, 1, {"subscriber_id_missing": 3}),
    ),
)

VALUE_CASES = (*DATES, *TIMES, *NUMBERS, *TEXTS)
