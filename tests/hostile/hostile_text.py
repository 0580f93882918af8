"""CSV files that are not as they should be: signs, lines, quotes, headers, compression."""

from __future__ import annotations

import gzip
from pathlib import Path

from hostile_cases import BILLS, BOOK, CDR, Case, Fates, call, file, files, lines, refuses

TWO = lines(CDR, call(1), call(2))
PEOPLE = "s{0},active,2020-01-01,{1}"
GB = lines(BOOK, PEOPLE.format(1, "Anhui"), PEOPLE.format(2, "合肥")).encode("gb18030")

ENCODINGS = (
    Case(
        "a mark of UTF-8 before the header",
        "cdr",
        file(b"\xef\xbb\xbf" + TWO.encode()),
        Fates(2, 2),
    ),
    Case(
        "GB18030 in the cells",
        "subscribers",
        file(GB),
        refuses("part.csv", "line 3 is no UTF-8", "iconv -f GB18030 -t UTF-8 IN > OUT"),
    ),
    Case(
        "GB18030 with its mark",
        "subscribers",
        file(b"\x84\x31\x95\x33" + GB),
        refuses("it is GB18030", "iconv -f GB18030"),
    ),
    Case(
        "GB18030 compressed",
        "subscribers",
        file(gzip.compress(GB), "part.csv.gz"),
        refuses("line 3 is no UTF-8", "gzip -dc IN | iconv -f GB18030 -t UTF-8 | gzip > OUT"),
    ),
    Case(
        "UTF-16 with its mark",
        "cdr",
        file(TWO.encode("utf-16")),
        refuses("it is UTF-16", "iconv -f UTF-16 -t"),
    ),
    Case(
        "UTF-16, big end first",
        "cdr",
        file(b"\xfe\xff" + TWO.encode("utf-16-be")),
        refuses("it is UTF-16", "iconv -f UTF-16 -t"),
    ),
    Case(
        "UTF-16 without its mark",
        "cdr",
        file(TWO.encode("utf-16-le")),
        refuses("null bytes", "UTF-16, perhaps", "iconv -f UTF-16LE"),
    ),
    Case(
        "Windows-1252 in a cell",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, "Genève")).encode("cp1252")),
        refuses("line 2 is no UTF-8"),
    ),
    Case(
        "a file cut within a letter",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, "合肥")).encode()[:-2]),
        refuses("line 2 is no UTF-8"),
    ),
    Case(
        "Chinese in UTF-8", "subscribers", file(lines(BOOK, PEOPLE.format(1, "合肥"))), Fates(1, 1)
    ),
)

QUOTES = (
    Case(
        "quotes in a cell",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, '"the ""old"" town"'), PEOPLE.format(2, 'a 5" b'))),
        Fates(2, 2),
    ),
    Case(
        "commas in a cell",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, '"a, b, c"'))),
        Fates(1, 1),
    ),
    Case(
        "line ends in a cell",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, '"a\nb\r\nc"'), PEOPLE.format(2, '"\n"'))),
        Fates(2, 2),
    ),
    Case(
        "a quote that is not closed",
        "cdr",
        file(lines(CDR, call(1), call(2, '"s1'), call(3))),
        refuses("part.csv", "line 3", "a quote is not closed", unsaid=("s1",)),
    ),
    Case(
        "text after the closing quote",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, '"old" town'))),
        refuses("line 2", "text follows the quote"),
    ),
    Case(
        "text after the closing quote, far from the end",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, '"old" town'), *[PEOPLE.format(2, "new")] * 150_000)),
        refuses("line 2", "text follows the quote"),
    ),
    Case(
        "a formula and a script as text",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, "=1+1"), PEOPLE.format(2, "<script>x</script>"))),
        Fates(2, 2),
    ),
)

LINES = (
    Case(
        "line ends of Windows", "cdr", file(lines(CDR, call(1), call(2), end="\r\n")), Fates(2, 2)
    ),
    Case(
        "line ends of an old Macintosh",
        "cdr",
        file(lines(CDR, call(1), call(2), end="\r")),
        Fates(2, 2),
    ),
    Case(
        "line ends of two kinds",
        "cdr",
        file(lines(CDR, call(1), end="\r\n") + lines(call(2), call(3))),
        refuses("part.csv", "line 3 ends with LF (Unix)", "CR LF (Windows)", "dos2unix"),
    ),
    Case(
        "a lone CR within a line",
        "cdr",
        file(lines(CDR, call(1), call(2).replace("voice", "vo\rice"))),
        refuses("line 3 ends with CR"),
    ),
    Case("no line end at the end", "cdr", file(TWO[:-1]), Fates(2, 2)),
    Case("blank lines", "cdr", file(lines(CDR, call(1), "", call(2), "", "")), Fates(2, 2)),
    Case(
        "a line with too few cells",
        "cdr",
        file(lines(CDR, call(1), "s1,voice,out", call(3))),
        Fates(3, 2, {"line_unparsable": 1}),
    ),
    Case(
        "a line with too many cells",
        "cdr",
        file(lines(CDR, call(1), call(2) + ",7", call(3))),
        Fates(3, 2, {"line_unparsable": 1}),
    ),
    Case(
        "a line with too many cells beside line ends in quotes",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, '"a\nb"'), PEOPLE.format(2, "c,d"), "s3")),
        Fates(3, 1, {"line_unparsable": 2}),
    ),
    Case(
        "two lines run into one",
        "cdr",
        file(lines(CDR, call(1), call(2) + call(3), call(4))),
        Fates(3, 2, {"line_unparsable": 1}),
    ),
    Case(
        "a line of fifty cells",
        "cdr",
        file(lines(CDR, call(1), ",".join("x" * 50))),
        refuses("part.csv", "line 3", "far too many cells"),
    ),
    Case(
        "a comma at every line's end",
        "cdr",
        file(lines(CDR, call(1) + ",", call(2) + ",")),
        Fates(2, 2),
    ),
    Case(
        "a line cut short by a full disk",
        "cdr",
        file(TWO + call(3)[:9]),
        Fates(3, 2, {"line_unparsable": 1}),
    ),
    Case(
        "a cell of 10 MB",
        "subscribers",
        file(lines(BOOK, PEOPLE.format(1, "x" * 10_000_000))),
        refuses("line 2", "longer than 2,000,000 bytes"),
    ),
)

HEADERS = (
    Case(
        "no header",
        "cdr",
        file(lines(call(1, "13912345678"), call(2, "13912345678"))),
        refuses("'subscriber_id' is missing", "is the header missing?", unsaid=("13912345678",)),
    ),
    Case(
        "no header, and ids that could be names of columns",
        "cdr",
        file(lines(call("ann7", "bob139"), call("ann7", "bob139"))),
        refuses("'subscriber_id' is missing", "is the header missing?", unsaid=("ann7", "bob139")),
    ),
    Case(
        "a column that is missing",
        "cdr",
        file(lines(CDR.replace("kind", "type"), call(1))),
        refuses("'kind' is missing", "expected: text", "found: subscriber_id, type, direction"),
    ),
    Case(
        "a column under another one's name",
        "cdr",
        file(
            lines(CDR.replace("started_at,duration_s", "duration_s,started_at"), call(1), call(2))
        ),
        refuses("'started_at' can't be read in any of the 2 rows", "2025-01-31 23:59:59"),
    ),
    Case(
        "columns in another order from file to file",
        "cdr",
        files(
            {
                "a.csv": TWO,
                "b.csv": "kind,started_at,subscriber_id,direction\nsms,2025-01-03,s1,in\n",
            }
        ),
        Fates(3, 3),
    ),
    Case(
        "columns that nobody declared",
        "cdr",
        file(lines("index," + CDR + ",note", "0," + call(1) + ",x", "1," + call(2) + ",")),
        Fates(2, 2),
    ),
    Case(
        "a column twice",
        "cdr",
        file(lines(CDR + ",kind", call(1) + ",sms")),
        refuses("kind stands twice"),
    ),
    Case(
        "a column twice but for capitals",
        "cdr",
        file(lines(CDR + ",KIND", call(1) + ",sms")),
        refuses("KIND stands twice"),
    ),
    Case(
        "a column in capitals",
        "cdr",
        file(lines(CDR.upper(), call(1))),
        refuses("'subscriber_id' is missing", "SUBSCRIBER_ID"),
    ),
    Case(
        "column names with quotes and semicolons",
        "cdr",
        file(lines(CDR + ',"a""; drop table cdr; --","b\'c`d"', call(1) + ",x,y")),
        Fates(1, 1),
    ),
    Case(
        "a column under a name that the check gives",
        "cdr",
        file(lines(CDR + ",source_file", call(1) + ",x")),
        refuses("'source_file' has a name that the check gives itself"),
    ),
    Case(
        "semicolons between the cells",
        "cdr",
        file(TWO.replace(",", ";")),
        refuses("no comma but semicolons"),
    ),
    Case(
        "tabs between the cells", "cdr", file(TWO.replace(",", "\t")), refuses("no comma but tabs")
    ),
    Case("an empty file", "cdr", file(""), refuses("part.csv is empty", "header")),
    Case(
        "a header and no row",
        "cdr",
        file(CDR + "\n"),
        refuses("cdr/month=2025-01 holds files but no row"),
    ),
    Case(
        "a header and no row where that may be",
        "care",
        file("subscriber_id,happened_at,kind\n"),
        Fates(0, 0),
    ),
    Case("one row", "cdr", file(lines(CDR, call(1))), Fates(1, 1)),
)

GZ = gzip.compress(lines(CDR, *(call(1 + i % 31, f"s{i}") for i in range(2000))).encode(), mtime=0)

COMPRESSED = (
    Case("gzip", "cdr", file(GZ, "part.csv.gz"), Fates(2000, 2000)),
    Case(
        "gzip cut short",
        "cdr",
        file(GZ[:-200], "part.csv.gz"),
        refuses("gzip file is damaged or cut short"),
    ),
    Case(
        "gzip with a changed byte",
        "cdr",
        file(GZ[:900] + bytes([GZ[900] ^ 255]) + GZ[901:], "part.csv.gz"),
        refuses("part.csv.gz", "gzip file is damaged or cut short"),
    ),
    Case(
        "text under the name of gzip",
        "cdr",
        file(TWO, "part.csv.gz"),
        refuses("part.csv.gz", "gzip file is damaged"),
    ),
)

NULLS = (
    Case(
        "a null byte in an id",
        "cdr",
        file(lines(CDR, call(1), call(2, "s\0001"))),
        Fates(2, 1, {"subscriber_id_unparsable": 1}),
    ),
    Case(
        "a block of null bytes",
        "cdr",
        file(lines(CDR, call(1), "\0" * 4096, call(2))),
        Fates(3, 2, {"line_unparsable": 1}),
    ),
    Case(
        "a null byte in a number",
        "cdr",
        file(lines(CDR, call(1), call(2, seconds="6\0000"))),
        Fates(2, 1, {"duration_s_unparsable": 1}),
    ),
)

BILL_WITHOUT = lines(BILLS, "s1,12,50", "s2,12.50")


def _all_duplicates(root: Path, folder: Path) -> None:
    del root
    (folder / "part.csv").write_text(lines(CDR, *[call(1)] * 100))


MANY_FAULTS = Case(
    "many faults in one file",
    "cdr",
    file(
        b"\xef\xbb\xbf"
        + lines(
            CDR + ',"a""b`c"',
            *(call(1) + ",x", call(2) + ",x,", "s1,voice", call(3) + ",x,y,z", "", call(4) * 2),
            *(call(5, "s\0001") + ",", call(6).replace("10:00:00", "24:00:00") + ","),
            *(call(7, seconds="9" * 19) + ",", call(8) + ',"a\n""b"", c"', call(9) + ",合肥"),
        ).encode(),
        "odd [n]ame* 账单+%20.csv",
    ),
    Fates(
        10,
        4,
        {
            "duration_s_unparsable": 1,
            "line_unparsable": 3,
            "started_at_unparsable": 1,
            "subscriber_id_unparsable": 1,
        },
    ),
)

REPEATED = (
    Case(
        "nothing but duplicates",
        "cdr",
        _all_duplicates,
        Fates(100, 1, duplicates={"duplicate": 99}),
    ),
    Case(
        "the same file twice",
        "cdr",
        files({"a.csv": TWO, "a copy.csv": TWO}),
        Fates(4, 2, duplicates={"duplicate": 2}),
    ),
    Case(
        "a comma for the decimals",
        "billing",
        file(BILL_WITHOUT),
        Fates(2, 1, {"line_unparsable": 1}),
    ),
)

TEXT_CASES = (*ENCODINGS, *QUOTES, *LINES, *HEADERS, *COMPRESSED, *NULLS, MANY_FAULTS, *REPEATED)
