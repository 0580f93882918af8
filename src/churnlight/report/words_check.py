"""The sentences of the page of `churnlight check`; see `words`."""

from __future__ import annotations

CHECK = {
    "check_title": ("What the extracts hold", "数据检查"),
    "check_eyebrow": ("Check of extracts", "原始数据检查"),
    "check_clean": (
        "All {rows} rows of {parts} extracts and months can be used as they stand.",
        "{parts} 份数据共 {rows} 行，均可直接使用。",
    ),
    "check_warning": (
        "{kept} of {rows} rows count. Nothing stops a run, but {parts} of {all} extracts and "
        "months need a look.",
        "共 {rows} 行，{kept} 行可用。不影响运行，但 {all} 份数据中有 {parts} 份需要查看。",
    ),
    "check_refused": (
        "A run would stop here: {parts} of {all} extracts and months can't be read or have more "
        "than {share} of their rows refused. {kept} of {rows} rows count.",
        "运行将会停止：{all} 份数据中有 {parts} 份无法读取或拒收行数超过 {share}。"
        "共 {rows} 行，{kept} 行可用。",
    ),
    "check_customer": ("Customer data, month by month", "客户资料质量"),
    "check_customer_lead": (
        "Completeness: cells that every customer should have and that hold a value; {completeness} "
        "is asked for. Accuracy: rows that break no rule, with no value outside its list and no "
        "reference that leads nowhere; {accuracy} is asked for.",
        "完整率：每个客户应有的字段中有值的比例，目标 {completeness}。准确率：不违反任何规则、"
        "取值在列表之内、引用有效的行所占比例，目标 {accuracy}。",
    ),
    "check_absent": ("not handed in: {columns}", "未提供：{columns}"),
    "check_none": ("There are no extracts of customer data.", "没有客户资料。"),
    "check_fates": ("Every row has one fate", "各数据的行数去向"),
    "check_fates_lead": (
        "Rows = kept + late + duplicates + refused.",
        "行数 = 保留 + 迟到 + 重复 + 拒收。",
    ),
    "check_extract": ("Extract", "数据"),
    "check_month": ("Month", "月份"),
    "check_rows": ("Rows", "行数"),
    "check_kept": ("Kept", "保留"),
    "check_late": ("Late", "迟到"),
    "check_duplicates": ("Duplicates", "重复"),
    "check_refused_rows": ("Refused", "拒收"),
    "check_corrected": ("{count} corrected", "已更正 {count}"),
    "check_completeness": ("Completeness", "完整率"),
    "check_accuracy": ("Accuracy", "准确率"),
    "check_newest": ("Newest day", "最新日期"),
    "check_stale": ("too old", "过旧"),
    "check_state": ("State", "状态"),
    "check_state_clean": ("clean", "正常"),
    "check_state_warning": ("look", "需查看"),
    "check_state_refused": ("stops a run", "停止运行"),
    "check_below": ("below target", "低于目标"),
    "check_reasons": ("Rows that do not count, and where they stand", "未计入的行及其位置"),
    "check_reasons_lead": (
        "The first rows of each reason; the first row of a file's data is 0.",
        "每种原因列出前几行；文件的第一行数据为 0。",
    ),
    "check_reason": ("Reason", "原因"),
    "check_count": ("Rows", "行数"),
    "check_examples": ("For example", "示例"),
    "check_row": ("{file} row {row}", "{file} 第 {row} 行"),
    "check_unknown": (
        "{column}: value outside its list, read as unknown",
        "{column}：取值不在列表内",
    ),
    "check_lost": ("{column}: refers to nothing, row kept", "{column}：引用不存在，行已保留"),
    "check_notes": ("What else was found", "其他问题"),
    "check_unreadable": ("can't be read", "无法读取"),
    "check_nothing": ("Nothing.", "无。"),
}
