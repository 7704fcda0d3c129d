"""Whether a text is a query that a tag may be computed by: one SELECT over the tables that are offered, and no more.

The engine's own parser reads it; everything that its tree holds must stand on a list of what is allowed, so that a function or
a kind of table that a later engine adds is refused until somebody allows it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from weaktie.data.tags.contracts import BadTagSql
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Session

LONGEST: Final = 20_000
NODES: Final = frozenset(
    {
        "SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST",
        "ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ASCENDING", "DESCENDING",
        "ORDER_DEFAULT",
    }
)  # fmt: skip
"""Kinds of statements and tables."""
CLASSES: Final = frozenset(
    {
        "CONSTANT", "COLUMN_REF", "FUNCTION", "COMPARISON", "CONJUNCTION", "OPERATOR", "CASE", "CAST", "STAR", "SUBQUERY",
        "WINDOW", "LAMBDA", "LAMBDA_REF", "BETWEEN", "COLLATE", "TYPE",
    }
)  # fmt: skip
"""Classes of expressions."""
FUNCTIONS: Final = frozenset(
    """
    + - * / % ** ^ // & | << >> ~ || = != <> < <= > >= ! ~~ !~~ ~~* !~~* ~~~ @> <@ && ^@ @
    count count_star sum avg mean min max median mode any_value first last arg_max arg_min max_by min_by count_if bool_and bool_or
    stddev stddev_pop stddev_samp variance var_pop var_samp quantile quantile_cont quantile_disc approx_quantile
    approx_count_distinct corr covar_pop covar_samp regr_slope regr_intercept kurtosis skewness entropy product string_agg
    group_concat listagg list array_agg histogram bit_and bit_or bit_xor sum_no_overflow fsum favg
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log2 log10 pow power mod greatest least gcd lcm fmod fdiv pi
    degrees radians sin cos tan asin acos atan atan2 isnan isinf isfinite even add subtract multiply divide
    coalesce nullif ifnull if case constant_or_null error_if
    lower upper lcase ucase trim ltrim rtrim length len strlen char_length character_length substr substring left right replace
    concat concat_ws contains starts_with ends_with prefix suffix instr strpos position lpad rpad repeat reverse split
    split_part string_split str_split regexp_matches regexp_extract regexp_replace regexp_full_match like_escape ilike_escape
    not_like_escape not_ilike_escape translate ascii unicode strip_accents format printf levenshtein jaccard hamming md5
    year month day hour minute second quarter week weekofyear dayofweek dayofmonth dayofyear isodow weekday yearweek dayname
    monthname era century decade epoch epoch_ms epoch_us date_part datepart date_trunc datetrunc date_diff datediff date_sub
    datesub date_add last_day make_date make_timestamp strftime strptime try_strptime to_timestamp to_days to_hours to_minutes
    to_seconds to_weeks to_months to_years time_bucket age timezone current_date today now
    list_value list_contains list_has array_contains list_has_any list_distinct list_unique list_sort list_reverse_sort
    list_aggregate list_sum list_avg list_min list_max list_count list_any_value list_element list_extract array_extract
    list_slice array_slice array_length list_filter list_transform list_apply list_concat flatten unnest struct_pack
    struct_extract row map map_extract map_keys map_values cardinality element_at range generate_series
    json_extract json_extract_string json_extract_path json_extract_path_text json_array_length json_exists json_valid json_type
    json_keys json_contains json_value ->> ->
    __between isnull
    """.split()  # noqa: SIM905  two hundred names read better as a text
)
"""Functions that only compute. Those that read files, the server's settings, other catalogues or the clock's waiting are not here."""


def check(session: Session, sql: str, tables: Iterable[str]) -> str:
    """The query without its closing semicolon; raises BadTagSql."""
    text = sql.strip().rstrip(";").strip()
    if not text:
        raise BadTagSql(Words("请填写查询。", "Write a query."))
    if len(text) > LONGEST:
        raise BadTagSql(Words(f"查询超过 {LONGEST} 个字符。", f"The query has over {LONGEST} characters."))
    asked = session.sql("SELECT json_serialize_sql($sql::VARCHAR) AS tree", {}, {"sql": text})
    tree: dict[str, Any] = json.loads(asked["tree"][0].as_py())
    if tree["error"]:
        said = str(tree["error_message"]).splitlines()[0]
        if tree.get("error_type") == "not implemented":
            raise BadTagSql(Words("只能使用 SELECT 查询。", "Only a SELECT is taken."))
        raise BadTagSql(Words(f"语法错误：{said}", f"The query cannot be read: {said}"))
    if len(tree["statements"]) != 1:
        raise BadTagSql(Words("只能有一条语句。", "Write one statement."))
    named = {name for node in _nodes(tree) for name in _names_of(node)}
    for name in named:
        if not re.fullmatch(r"[A-Za-z_]\w{0,62}", name):
            raise BadTagSql(Words(f"子查询名 {name} 不合法。", f"{name} is no name for a subquery."))
    known = {t.lower() for t in tables} | {n.lower() for n in named}
    for node in _nodes(tree):
        _check(node, known)
    return text


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _names_of(node: dict[str, Any]) -> list[str]:
    made = node.get("cte_map")
    return [str(entry["key"]) for entry in made["map"]] if isinstance(made, dict) else []


def _check(node: dict[str, Any], known: set[str]) -> None:
    kind, group = node.get("type"), node.get("class")
    if group is not None and group not in CLASSES:
        raise BadTagSql(Words(f"不支持的表达式：{group}", f"This kind of expression is not taken: {group}"))
    if isinstance(kind, str) and group is None and kind not in NODES and not kind.endswith("_TYPE_INFO"):
        if kind == "TABLE_FUNCTION":
            raise BadTagSql(
                Words(
                    "不允许表函数（如 read_parquet、glob）。",
                    "No table functions such as read_parquet or glob.",
                )
            )
        raise BadTagSql(Words(f"不支持的写法：{kind}", f"This is not taken: {kind}"))
    if kind == "BASE_TABLE":
        _check_table(node, known)
    if "function_name" in node:
        name = str(node["function_name"]).lower()
        if name not in FUNCTIONS or node.get("schema") or node.get("catalog"):
            raise BadTagSql(Words(f"不允许的函数：{name}", f"This function is not allowed: {name}"))


def _check_table(node: dict[str, Any], known: set[str]) -> None:
    name = str(node["table_name"])
    if (
        node.get("schema_name")
        or node.get("catalog_name")
        or node.get("at_clause")
        or name.lower() not in known
    ):
        offered = ", ".join(sorted(known))
        raise BadTagSql(
            Words(f"没有表 {name}；可用：{offered}", f"There is no table {name}; there are {offered}")
        )
