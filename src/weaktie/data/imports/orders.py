"""Lines of a file into orders, their lines, and the products and users that stand in them. Pure."""

from dataclasses import dataclass

import polars as pl

from weaktie.data.imports.contracts import FileMapping
from weaktie.data.imports.converters import minor
from weaktie.data.imports.logic import (
    TableRows,
    completed,
    hex_ids,
    joined,
    lake_columns,
    product_rows,
    user_rows,
)
from weaktie.data.imports.personal import object_text
from weaktie.kit.money import LARGEST_MINOR

_OF_ORDER = (
    "user_id", "currency", "status", "amount_minor", "refunded_minor", "coupon_id", "channel", "shop_id", "referrer_id",
)  # fmt: skip
_MUST_AGREE = ("user_id", "phone", "currency", "amount_minor")
_UNDONE = ("refunded", "cancelled")
_PHONE = r"^\+?\d[\d\s-]{5,18}\d$"
"""A phone number in the clear; platforms give masked and encrypted ones too, and these name nobody."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows of orders and items, and the lines (line, code, field) of orders that could not be made."""

    tables: list[TableRows]
    bad: pl.DataFrame


def prepared(frame: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
    """What is kept of each line until its order is complete: money already in minor units, rounded line by line.

    A line's amount is what the file says, else quantity × price, half away from zero to one minor unit.
    """
    frame = completed(frame, "orders")
    return frame.with_columns(
        lines.alias("line"),
        amount_minor=minor(pl.col("amount")),
        refunded_minor=minor(pl.col("refunded")),
        line_minor=pl.coalesce(
            minor(pl.col("line_amount")), minor(pl.col("price") * pl.col("quantity").cast(pl.Int128))
        ),
        price_minor=minor(pl.col("price")),
        phone=pl.when(pl.col("phone").str.contains(_PHONE)).then(pl.col("phone")),
    ).drop("amount", "refunded", "line_amount", "price")


def group(frame: pl.DataFrame, source_id: str, poisoned: pl.Series) -> Grouped:
    """Orders out of prepared lines, all lines of an order being there; orders in `poisoned` are left out whole."""
    undone = pl.col("status").is_in(_UNDONE) | pl.col("line_status").is_in(_UNDONE).fill_null(False)
    returned = (pl.col("line_status") == "refunded").fill_null(False)
    grouped = frame.group_by("order_id", maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in (*_OF_ORDER, "phone")),
        undone.all().alias("all_undone"),
        undone.any().alias("any_undone"),
        returned.any().alias("any_returned"),
        pl.col("line_minor").filter(undone & (pl.col("line_minor") > 0)).sum().alias("undone_minor"),
        pl.col("paid_time").min(),
        pl.col("version_time").max(),
        pl.col("line_minor").sum().alias("sum_minor"),
        (pl.col("line_minor").count() > 0).alias("has_lines"),
        (pl.col("product_id").is_not_null() | pl.col("name").is_not_null())
        .sum()
        .cast(pl.Int32)
        .alias("items"),
        *(
            (pl.col(name).min() != pl.col(name).max()).fill_null(False).alias(f"{name}!")
            for name in _MUST_AGREE
        ),
    )
    grouped = _settled(
        grouped.with_columns(
            amount_minor=pl.coalesce(
                pl.col("amount_minor"), pl.when(pl.col("has_lines")).then(pl.col("sum_minor"))
            )
        )
    )
    code = (
        pl.when(pl.col("order_id").is_in(poisoned.implode())).then(pl.lit("order_has_bad_line"))
        .when(pl.any_horizontal(pl.col(f"{name}!") for name in _MUST_AGREE)).then(pl.lit("order_disagrees"))
        .when(pl.col("amount_minor").is_null()).then(pl.lit("missing_required"))
        .when(pl.col("amount_minor").abs() > LARGEST_MINOR).then(pl.lit("amount_out_of_range"))
    )  # fmt: skip
    place = (
        pl.when(pl.col("user_id!")).then(pl.lit("user_id")).when(pl.col("phone!")).then(pl.lit("phone")).when(pl.col("currency!")).then(pl.lit("currency"))
        .when(pl.col("code") == "order_has_bad_line").then(pl.lit("order_id")).otherwise(pl.lit("amount"))
    )  # fmt: skip
    grouped = grouped.with_columns(code=code).with_columns(place=place)
    wrong = grouped.filter(pl.col("code").is_not_null())
    if wrong.height:
        bad = frame.join(wrong.select("order_id", "code", "place"), on="order_id").select(
            "line", "code", "place"
        )
        grouped = grouped.filter(pl.col("code").is_null())
        frame = frame.join(grouped.select("order_id"), on="order_id", how="semi", maintain_order="left")
    else:
        bad = pl.DataFrame(schema={"line": pl.Int64, "code": pl.String, "place": pl.String})
    return Grouped(_rows(grouped, frame, source_id), bad)


def _settled(grouped: pl.DataFrame) -> pl.DataFrame:
    """Status and refund of each order, from the order's own words and from what became of its lines.

    An order is undone where all its lines are; where only some are, it is paid and these lines' amounts are its refund.
    A closed order whose whole amount was given back is a refunded one.
    """
    amount, given = pl.col("amount_minor"), pl.col("refunded_minor")
    whole = pl.col("all_undone") & (amount > 0)
    refunded = pl.coalesce(
        given,
        pl.when(whole).then(amount),
        pl.when(pl.col("any_undone") & pl.col("has_lines")).then(
            pl.min_horizontal(pl.col("undone_minor"), amount)
        ),
        pl.lit(0, pl.Int64),
    )
    status = pl.col("status")
    back = (given >= amount) & (amount > 0)
    return grouped.with_columns(
        refunded_minor=pl.when(amount > 0).then(refunded).otherwise(pl.coalesce(given, pl.lit(0, pl.Int64))),
        status=pl.when(pl.col("any_undone") & ~pl.col("all_undone")).then(pl.lit("paid"))
        .when(pl.col("all_undone") & (pl.col("any_returned") | back.fill_null(False))).then(pl.lit("refunded"))
        .otherwise(status),
    )  # fmt: skip


def _rows(grouped: pl.DataFrame, frame: pl.DataFrame, source_id: str) -> list[TableRows]:
    orders = grouped.with_columns(referrer_user_id=pl.col("referrer_id"))
    lines = frame.with_columns(content=joined(frame, ["product_id", "name", "quantity", "line_minor"]))
    contents = lines.group_by("order_id", maintain_order=True).agg(pl.col("content").str.join("\x1e"))
    whole = orders.join(contents, on="order_id", how="left", maintain_order="left")
    of_order = ["order_id", "paid_time", "version_time", *_OF_ORDER, "content"]
    # A buyer who is known by a phone alone stands where a user id would: the ids of other orders stay what they were.
    told = whole.with_columns(user_id=pl.coalesce(pl.col("user_id"), "tel:" + pl.col("phone")))
    orders = orders.with_columns(event_id=hex_ids(joined(told, of_order, source_id, "orders")))
    personal = orders.select("phone") if orders["phone"].null_count() < orders.height else None
    tables = [TableRows("orders", lake_columns("orders", orders), personal)]
    items = frame.filter(pl.col("product_id").is_not_null() | pl.col("name").is_not_null()).select(
        "order_id", "product_id", "name", "quantity", pl.col("line_minor").alias("amount_minor"),
        (pl.int_range(pl.len(), dtype=pl.Int32).over("order_id") + 1).alias("line_no"),
    )  # fmt: skip
    if items.height:
        items = items.join(
            orders.select(
                "order_id", "user_id", "phone", "currency", "version_time", pl.col("event_id").alias("order_event")
            ),
            on="order_id", how="left", maintain_order="left",
        )  # fmt: skip
        items = items.with_columns(event_id=hex_ids(joined(items, ["order_event", "line_no"])))
        buyers = items.select("phone") if personal is not None else None
        tables.append(TableRows("order_items", lake_columns("order_items", items), buyers))
    return tables


class Derived:
    """Products and users as order lines show them: the commonest name, the latest price above zero, the latest trait."""

    def __init__(self, mapping: FileMapping) -> None:
        self.products = mapping.derive_products
        self.traits = dict(mapping.derive_users) if mapping.derive_users is not None else None
        self._names: list[pl.DataFrame] = []
        self._prices: list[pl.DataFrame] = []
        self._users: list[pl.DataFrame] = []

    @property
    def any(self) -> bool:
        """Whether the mapping asks for any."""
        return self.products or self.traits is not None

    def add(self, lines: pl.DataFrame, raw: pl.DataFrame) -> None:
        """Take prepared lines and, for traits, the columns of the file beside them."""
        if self.products:
            sold = lines.filter(pl.col("product_id").is_not_null())
            self._names.append(sold.group_by("product_id", "name").agg(lines=pl.len()))
            priced = sold.filter(pl.col("price_minor") > 0).sort("paid_time", "line")
            self._prices.append(
                priced.group_by("product_id").agg(
                    pl.col("price_minor", "currency", "paid_time", "line").last(),
                )
            )
        if self.traits is not None:
            named = lines.select("user_id", "paid_time", "line").with_columns(
                raw[column].cast(pl.String).str.strip_chars().alias(name)
                for name, column in self.traits.items()
                if column in raw.columns
            )
            known = named.filter(pl.col("user_id").is_not_null()).sort("paid_time", "line")
            self._users.append(known.group_by("user_id").agg(pl.all().last()))

    def tables(self, source_id: str) -> list[TableRows]:
        """The rows that follow from all lines."""
        made: list[TableRows] = []
        if self.products and self._names:
            names = pl.concat(self._names).group_by("product_id", "name").agg(pl.col("lines").sum())
            names = names.sort(pl.col("name").is_null(), "lines", "name", descending=[False, True, False])
            frame = names.group_by("product_id").agg(pl.col("name").first())
            prices = pl.concat(self._prices).sort("paid_time", "line").group_by("product_id").agg(
                pl.col("price_minor", "currency").last()
            )  # fmt: skip
            frame = frame.join(prices, on="product_id", how="left").sort("product_id")
            made += product_rows(frame, source_id)
        if self.traits is not None and self._users:
            users = pl.concat(self._users).sort("paid_time", "line").group_by("user_id").agg(pl.all().last())
            users = users.sort("user_id")
            names_ = [name for name in self.traits if name in users.columns]
            traits = pl.Series(
                "traits", [object_text(row) for row in users.select(names_).iter_rows(named=True)], pl.String
            )
            made += user_rows(users.select("user_id"), traits, source_id)
        return made
