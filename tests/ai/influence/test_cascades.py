"""Cascades: trees equal a plain reading of the events, their figures equal definitions, drawings lose nobody."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.ai.influence import cascades, kernels
from weaktie.ai.influence.contracts import Drawn, Forest, Item
from weaktie.ai.influence.reading import Paid, Passed

Row = tuple[int, int, int, str]
"""(person, by, product, what): what is open, share, invite or order."""


def passed(rows: list[Row], contents: dict[int, str] | None = None) -> Passed:
    """Events a second apart; `contents` says which rows name a content."""
    names = sorted(set((contents or {}).values()))
    person, by, product, what = (list(c) for c in zip(*rows, strict=True)) if rows else ([], [], [], [])
    n = len(rows)
    kinds = np.array(what, dtype=object)
    content = [names.index(contents[i]) if contents and i in contents else -1 for i in range(n)]
    return Passed(
        np.array(person, np.int32), np.array(by, np.int32), np.arange(n, dtype=np.int64) * 1_000_000, np.zeros(n, np.int32),
        kinds == "share", kinds == "invite", kinds == "order", np.array(content, np.int32), np.array(product, np.int32),
        names, [f"p{k}" for k in range(9)],
    )  # fmt: skip


def paid(rows: list[tuple[int, int, int, int]] | None = None) -> Paid:
    """(person, referrer, second, net)."""
    columns = [np.array(c, np.int64) for c in zip(*(rows or [(0, 0, 0, 0)]), strict=True)]
    keep = slice(None) if rows else slice(0)
    person, referrer, second, net = (c[keep] for c in columns)
    zero = np.zeros(len(person), np.int32)
    return Paid(
        person.astype(np.int32), referrer.astype(np.int32), zero, second * 1_000_000, net, zero, ["CNY"]
    )


def plain(rows: list[Row]) -> dict[tuple[int, int], int]:
    """(product, person) → whom they heard it from (-1 for who began), by a plain reading."""
    found: dict[tuple[int, int], int] = {}
    for person, by, product, what in rows:
        if what != "open" or by < 0 or by == person or (product, person) in found:
            continue
        found.setdefault((product, by), -1)
        found[product, person] = by
    return found


events = st.lists(
    st.tuples(st.integers(0, 7), st.integers(-1, 7), st.integers(0, 2), st.sampled_from(["open", "open", "share"])), max_size=30
)  # fmt: skip


def read(rows: list[Row]) -> list[Row]:
    """Rows as reading gives them: a share names nobody, and nobody comes through themselves."""
    kept = []
    for person, by, product, what in rows:
        by = -1 if what == "share" or by == person else by
        if what == "share" or by >= 0:
            kept.append((person, by, product, what))
    return kept


@settings(max_examples=150, deadline=None)
@given(events)
def test_trees_equal_a_plain_reading(rows: list[Row]) -> None:
    rows = read(rows)
    trees = cascades.forest(passed(rows), paid())
    found = {
        (int(trees.items[trees.item[i]].id[1:]), int(trees.person[i])): int(trees.by[i]) for i in range(len(trees))
    }  # fmt: skip
    assert found == plain(rows)
    assert (trees.parent < np.arange(len(trees))).all(), "parents stand before children"
    heard = trees.parent >= 0
    assert (trees.us[heard] >= trees.us[trees.parent[heard]]).all()
    began = (trees.parent >= 0) & (trees.parent[np.maximum(trees.parent, 0)] < 0) if len(trees) else heard
    assert (trees.cycle_us[heard & ~began] >= 0).all(), "unknown at most of those who heard from who began"


def distances(trees: Forest, rows: list[int]) -> list[int]:
    """Distances over all pairs of the same tree, by walking."""
    near: dict[int, list[int]] = {r: [] for r in rows}
    for r in rows:
        if trees.parent[r] >= 0:
            near[r].append(int(trees.parent[r]))
            near[int(trees.parent[r])].append(r)
    found = []
    for start in rows:
        seen, todo = {start: 0}, deque([start])
        while todo:
            u = todo.popleft()
            for v in near[u]:
                if v not in seen:
                    seen[v] = seen[u] + 1
                    todo.append(v)
        found += [d for v, d in seen.items() if v > start]
    return found


@settings(max_examples=100, deadline=None)
@given(events)
def test_figures_equal_their_definitions(rows: list[Row]) -> None:
    trees = cascades.forest(passed(read(rows)), paid())
    for item, part in cascades.by_item(trees, ("product",)).items():
        found = cascades.figures(trees, part)
        people = part.tolist()
        levels = np.bincount(trees.depth[part])
        assert found.people == len(people) == sum(found.by_depth)
        assert found.roots == levels[0]
        assert found.depth == len(levels) - 1
        assert found.breadth == max(levels[1:])
        pairs = distances(trees, people)
        assert found.virality == pytest.approx(np.mean(pairs))
        assert trees.items[item].kind == "product"
        whole = cascades.rows_of_item(trees, trees.items[item])
        assert whole.tolist() == people


def test_structural_virality_of_a_broadcast_and_of_a_chain() -> None:
    star = [(i, 0, 0, "open") for i in range(1, 8)]
    chain = [(i, i - 1, 0, "open") for i in range(1, 8)]
    virality = []
    for rows in (star, chain):
        trees = cascades.forest(passed(rows), paid())
        virality.append(cascades.figures(trees, np.arange(len(trees))).virality)
    assert [
        cascades.figures(t, np.arange(len(t))).cycle_us for t in (cascades.forest(passed(star), paid()),)
    ] == [None]
    # Goel et al. 2016: 2 (n - 1) / n for a star, (n + 1) / 3 for a chain of n.
    assert virality == [pytest.approx(2 * 7 / 8), pytest.approx(9 / 3)]


def test_who_began_stands_at_their_first_share_and_cycles_count_from_there() -> None:
    rows: list[Row] = [
        (0, -1, 1, "share"),
        (5, -1, 1, "share"),
        (1, 0, 1, "open"),
        (2, 1, 1, "open"),
        (3, 9, 2, "open"),
    ]
    trees = cascades.forest(passed(rows), paid())
    assert dict(zip(trees.person.tolist(), (trees.us // 1_000_000).tolist(), strict=True)) == {
        0: 0,
        1: 2,
        2: 3,
        9: 4,
        3: 4,
    }
    assert cascades.figures(trees, cascades.rows_of_item(trees, Item("product", "p1"))).cycle_us == 1_500_000


def test_an_opened_product_belongs_to_the_content_it_was_shared_in() -> None:
    rows: list[Row] = [
        (0, -1, 1, "share"), (1, 0, 1, "open"), (0, -1, 1, "share"), (2, 0, 1, "open"), (3, 4, 1, "open"), (6, 0, -1, "invite"),
    ]  # fmt: skip
    trees = cascades.forest(passed(rows, {2: "c7"}), paid())
    of = {int(trees.person[i]): trees.items[trees.item[i]] for i in range(len(trees)) if trees.by[i] >= 0}
    assert of[1] == Item("product", "p1"), "the content came later"
    assert of[2] == Item("content", "c7")
    assert of[3] == Item("product", "p1"), "another sharer's content is not theirs"
    assert of[6] == Item("invite", "")


def test_orders_go_to_the_latest_item_opened_before_them_through_whom_they_name() -> None:
    rows: list[Row] = [
        (1, 0, 1, "open"),
        (1, 0, 2, "open"),
        (2, 1, 2, "open"),
        (1, 5, 3, "open"),
        (1, 0, 4, "order"),
    ]
    sales = [(1, 0, 9, 500), (1, 0, 0, 70), (2, 0, 9, 900), (1, 5, 2, 11), (3, 0, 9, 1)]
    trees = cascades.forest(passed(rows), paid(sales))
    got = {
        (int(trees.person[i]), trees.items[trees.item[i]].id): (int(trees.orders[i]), int(trees.net_minor["CNY"][i]))
        for i in range(len(trees)) if trees.orders[i]
    }  # fmt: skip
    assert got == {(1, "p2"): (1, 500), (1, "p1"): (1, 70)}


def counted(node: Drawn) -> int:
    return (node.person_no >= 0) + node.others + sum(counted(c) for c in node.children)


@settings(max_examples=60, deadline=None)
@given(events, st.integers(1, 12))
def test_a_drawing_loses_nobody_and_draws_nobody_without_their_sharer(rows: list[Row], most: int) -> None:
    trees = cascades.forest(passed(read(rows)), paid())
    rows_of = np.arange(len(trees), dtype=np.int64)
    top = cascades.drawn(trees, rows_of, "all", {}, most)
    assert counted(top) == len(trees)
    drawn = sum(1 for _ in people(top))
    assert drawn == min(most, len(trees))
    shown = cascades.shown_people(trees, rows_of, most)
    assert {n.person_no for n in people(top)} == set(shown.tolist())


def people(node: Drawn) -> list[Drawn]:
    return [*([node] if node.person_no >= 0 else []), *(p for c in node.children for p in people(c))]


def test_everybody_under_somebody_and_a_creators_trees() -> None:
    rows: list[Row] = [
        (1, 0, 1, "open"),
        (2, 1, 1, "open"),
        (3, 2, 1, "open"),
        (4, 0, 1, "open"),
        (6, 5, 2, "open"),
    ]
    trees = cascades.forest(passed(rows), paid())
    everything = np.arange(len(trees), dtype=np.int64)
    assert sorted(trees.person[cascades.under(trees, everything, 1)].tolist()) == [1, 2, 3]
    nobody = np.zeros(len(trees.items), np.bool_)
    assert sorted(trees.person[cascades.rows_of_creator(trees, 5, nobody)].tolist()) == [5, 6]
    assert cascades.rows_of_creator(trees, 1, nobody).tolist() == [], "who passes on began nothing"
    own = np.array([i == Item("product", "p1") for i in trees.items])
    assert len(cascades.rows_of_creator(trees, 9, own)) == 5


def test_the_latest_known_row_before_each() -> None:
    start, us = np.array([0, 3, 3, 4], np.int64), np.array([10, 20, 20, 5], np.int64)
    key, at = np.array([0, 0, 0, 1, 2, 2], np.int64), np.array([9, 20, 99, 50, 4, 5], np.int64)
    assert kernels.last_before(key, at, start, us).tolist() == [-1, 2, 2, -1, -1, 3]
