"""What SQL of people may say: one SELECT over given tables, without a way to files, settings or the catalogue.

DuckDB's own parser reads the text (`json_serialize_sql` takes nothing but SELECT), and the tree is walked. What is not
known to be harmless is refused. The process that runs the text is locked beside this (`child`).
"""

import json
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from weaktie.kit.words import Words
from weaktie.store.engine.contracts import BadSql

LONGEST = 20_000
"""Letters of a text. The parser's depth is bounded by it too: nested brackets of this length are far from its stack's end."""
TABLE_FUNCTIONS = {"range", "generate_series", "unnest", "json_each", "json_tree"}
NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
SOURCES = {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT"}
_NO_FUNCTION = re.compile(
    r"(?:pg_(?!typeof$|sleep$)|has_.*_privilege|inet_|__|duckdb_|pragma_|read_|parquet_|sniff_|sqlite_|postgres_|mysql_"
    r"|iceberg_|delta_|current_(?:setting|query|connection|transaction|role|user|catalog|database|schema)|txid_|index_key).*"
    r"|add_parquet_key|arrow_scan|checkpoint|currval|error|getenv|getvariable|glob|json_(?:execute_serialized_sql|serialize_plan)"
    r"|nextval|parse_duckdb_log_message|query|query_table|session_user|set_config|setval|user|version|which_secret|write_log"
)  # fmt: skip
_NO_NAME = re.compile(r"(?i)(?:duckdb_|pragma_|pg_|sqlite_|information_schema|__).*")
_NAME = re.compile(r"[^\W\d]\w*")
_PARAMETER = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_lock = threading.Lock()
_parser: list[duckdb.DuckDBPyConnection] = []


@dataclass(frozen=True, slots=True)
class Checked:
    """A text that may be run: with `$name` for each `{{name}}`, the tables it reads and its parameters by name."""

    sql: str
    tables: frozenset[str]
    parameters: tuple[str, ...]


def checked(text: str, tables: Collection[str]) -> Checked:
    """The text as one SELECT over some of these tables; raises BadSql with the place of what it may not say."""
    if not text.strip():
        raise BadSql(Words("请输入一条查询。", "Write a query."))
    if len(text) > LONGEST:
        raise BadSql(Words(f"查询最长 {LONGEST} 个字符。", f"A query has at most {LONGEST} letters."))
    named = {m[1].lower() for m in _PARAMETER.finditer(text)}
    # As long as before, so that places in the text stay true.
    sql = _PARAMETER.sub(lambda m: f"${m[1]}".ljust(len(m[0])), text)
    tree = _tree(sql, text)
    if len(tree["statements"]) != 1:
        raise BadSql(Words("一次只能运行一条语句。", "One statement at a time."), text, None)
    found: set[str] = set()
    walk = _Walk(text, {name.lower() for name in tables}, found)
    try:
        walk.value(tree["statements"][0]["node"], frozenset())
    except RecursionError:
        raise BadSql(Words("查询嵌套过深。", "The query is nested too deeply.")) from None
    parameters = tuple(
        sorted({str(p["key"]).lower() for p in tree["statements"][0].get("named_param_map", [])})
    )
    if quoted := named - set(parameters):
        name = min(quoted)
        raise BadSql(
            Words(f"参数 {{{{{name}}}}} 不要放在引号或注释里。", f"The parameter {{{{{name}}}}} stands within quotes or a comment.")
        )  # fmt: skip
    return Checked(sql, frozenset(found), parameters)


def _tree(sql: str, text: str) -> Mapping[str, Any]:
    with _lock:
        if not _parser:
            _parser.append(
                duckdb.connect(
                    config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "threads": 1}
                )
            )  # fmt: skip
        row = _parser[0].execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    assert row is not None
    try:
        tree: Mapping[str, Any] = json.loads(row[0])
    except RecursionError:
        raise BadSql(Words("查询嵌套过深。", "The query is nested too deeply.")) from None
    if tree["error"]:
        if tree.get("error_type") == "parser":
            said = str(tree.get("error_message", ""))
            at = tree.get("position")
            raise BadSql(
                Words(f"语法错误：{said}", f"Syntax error: {said}"), text, None if at is None else int(at)
            )
        raise BadSql(
            Words("只能运行 SELECT 或 WITH 查询。", "Only SELECT and WITH queries can be run."), text, 0
        )
    return tree


class _Walk:
    """Looks at each part of a tree; `scope` are the names that WITH gave around it."""

    def __init__(self, text: str, tables: set[str], found: set[str]) -> None:
        self._text, self._tables, self._found = text, tables, found

    def value(self, value: Any, scope: frozenset[str]) -> None:
        if isinstance(value, list):
            for one in value:
                self.value(one, scope)
        elif isinstance(value, dict):
            self._node(value, scope)

    def _node(self, node: dict[str, Any], scope: frozenset[str]) -> None:
        if "cte_map" in node:
            self._known(node, NODES)
            scope = self._with(node, scope)
            if node["type"] == "RECURSIVE_CTE_NODE":
                scope |= {str(node["cte_name"]).lower()}
        elif "sample" in node and "class" not in node and "type" in node:
            self._known(node, SOURCES)
            if node["type"] == "BASE_TABLE":
                self._table(node, scope)
            elif node["type"] == "TABLE_FUNCTION":
                self._table_function(node)
        if "function_name" in node:
            self._function(node)
        for name, part in node.items():
            if name != "cte_map":
                self.value(part, scope)

    def _with(self, node: dict[str, Any], scope: frozenset[str]) -> frozenset[str]:
        for entry in node["cte_map"]["map"]:
            name = str(entry["key"])
            if not _NAME.fullmatch(name) or _NO_NAME.fullmatch(name):
                raise self._no(node, Words(f"WITH 中的名称 {name} 不可用。", f"WITH may not name {name}."))
            value = entry["value"]
            inner = value.get("query_node") or value.get("query") or {}
            inner = inner.get("node", inner)
            own = {name.lower()} if inner.get("type") == "RECURSIVE_CTE_NODE" else set()
            self.value(value, scope | own)
            scope |= {name.lower()}
        return scope

    def _table(self, node: dict[str, Any], scope: frozenset[str]) -> None:
        name = str(node["table_name"])
        if node.get("schema_name") or node.get("catalog_name") or len(node["qualified_name"]["path"]) != 1:
            raise self._no(
                node, Words("表名前不能有库名或模式名。", "A table is named without catalogue and schema.")
            )
        if name.lower() in scope:
            return
        if name.lower() not in self._tables:
            raise self._no(node, Words(f"没有表 {name}。", f"There is no table {name}."))
        self._found.add(name.lower())

    def _table_function(self, node: dict[str, Any]) -> None:
        name = str(node["function"].get("function_name", ""))
        if name.lower() not in TABLE_FUNCTIONS:
            raise self._no(node, Words(f"不能在 FROM 中使用 {name}()。", f"{name}() cannot be read from."))

    def _function(self, node: dict[str, Any]) -> None:
        name = str(node["function_name"])
        if node.get("schema") or node.get("catalog") or _NO_FUNCTION.fullmatch(name.lower()):
            raise self._no(node, Words(f"不能使用函数 {name}()。", f"The function {name}() cannot be used."))

    def _known(self, node: dict[str, Any], known: set[str]) -> None:
        if node["type"] not in known:
            raise self._no(
                node, Words("查询中有不支持的写法。", "The query has a form that is not supported.")
            )

    def _no(self, node: dict[str, Any], words: Words) -> BadSql:
        at = next(_places(node), None)
        return BadSql(words, self._text, at)


def _places(value: Any) -> Iterator[int]:
    """Where a part of a tree begins, as far as the parser says so."""
    if isinstance(value, dict):
        at = value.get("query_location")
        if isinstance(at, int) and at < 1 << 32:
            yield at
        for part in value.values():
            yield from _places(part)
    elif isinstance(value, list):
        for part in value:
            yield from _places(part)
