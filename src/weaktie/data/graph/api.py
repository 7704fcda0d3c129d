"""HTTP: the social graph, audiences, neighbourhoods, communities, bridges."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Query, Request

from weaktie.data.graph import bodies as b
from weaktie.data.graph.asking import GraphPeople
from weaktie.data.graph.contracts import AUDIENCE_WORDS, I32, KINDS, PART_WORDS, PARTS, BadAudience, Tie
from weaktie.data.graph.logic import DEFAULTS
from weaktie.data.graph.service import MOST_NODES, Graph
from weaktie.data.profiles.service import Profiles
from weaktie.kit.clock import day_to_iso, to_iso
from weaktie.kit.errors import NotFound
from weaktie.kit.web import app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller

router = APIRouter(prefix="/api/graph", tags=["graph"])
View = Annotated[Caller, Depends(require("view"))]
Few = Annotated[int, Query(ge=1, le=200)]


@router.get("")
def overview(request: Request, _caller: View) -> b.GraphBody:
    """How strong ties are, what makes them so, and who is left out."""
    graph = _graph(request)
    built, figures = graph.built(), graph.figures()
    return b.GraphBody(
        built_time=to_iso(built.built_us), as_of_day=day_to_iso(built.as_of_day),
        whole_day=day_to_iso(int(str(built.figures.get("whole_day", built.as_of_day)))),
        people=figures.people, pairs=figures.pairs, ties=figures.ties, strong=figures.strong, strong_from=figures.strong_from,
        interactions=figures.interactions, histogram=list(figures.histogram),
        parts=[
            b.TiePartBody(
                part=p, words=words_body(PART_WORDS[p][0]), about=words_body(PART_WORDS[p][1]),
                weight=built.weights.by_part[p], default_weight=DEFAULTS[p], mean=figures.parts[p][0],
                histogram=list(figures.parts[p][1]),
            )
            for p in PARTS
        ],
        kinds=[
            b.TieKindBody(kind=k.key, words=words_body(k.words), pairs=figures.kinds[k.key], effort=k.effort) for k in KINDS
        ],
        weights=b.TieWeightsBody(
            learned=built.weights.learned, why=words_body(built.weights.why), bias=built.weights.bias,
            positives=built.weights.positives, negatives=built.weights.negatives, auc=built.weights.auc,
            default_auc=built.weights.default_auc, log_loss=built.weights.log_loss,
        ),
        communities=figures.communities, modularity=figures.modularity,
        left_out=b.GraphLeftOutBody.model_validate(built.figures["who"]),
        seconds={k: float(v) for k, v in dict(built.figures["seconds"]).items()},  # type: ignore[call-overload]
    )  # fmt: skip


@router.get("/communities")
def communities(request: Request, _caller: View, limit: Few = 20) -> b.CommunitiesBody:
    """The largest communities, and how much of their strength stays inside."""
    figures = _graph(request).figures()
    items = [
        b.CommunityBody(number=n, people=p, inside=i, query={"kind": "community", "number": n})
        for n, p, i in figures.largest[:limit]
    ]
    return b.CommunitiesBody(items=items, total=figures.communities)


@router.get("/bridges")
def bridges(request: Request, _caller: View, limit: Few = 20) -> b.BridgesBody:
    """The people whose ties lead into other communities."""
    people = _people(request)
    numbers, places = people.bridges(limit)
    ties, measures = people.graph.ties(), people.graph.measures()
    names = _names(request, numbers)
    items = []
    for person, at in zip(numbers.tolist(), places.tolist(), strict=True):
        row = slice(int(ties.indptr[at]), int(ties.indptr[at + 1]))
        other = measures.community[ties.dst[row]]
        across = other != measures.community[at]
        items.append(
            b.BridgeBody(
                user_id=names.get(person), person_no=person, bridge=round(float(measures.bridge[at]), 4),
                outside=round(float(ties.strength[row][across].sum()), 3), communities=len(np.unique(other[across])),
                degree=int(measures.degree[at]),
            )
        )  # fmt: skip
    return b.BridgesBody(items=items)


@router.post("/audience")
def audience(request: Request, _caller: View, body: b.TieAudienceAsk) -> b.TieAudienceBody:
    """People near others, the best first, with through whom; `query` is a query of people for lists and segments."""
    if (body.user_id is None) == (body.people is None):
        raise BadAudience(
            "of", Words("请指定一个用户或一个人群。", "Name either a user or a query of people.")
        )
    of = {"user_id": body.user_id} if body.people is None else body.people
    query = {"kind": "ties", "audience": body.audience, "of": of, "size": body.size}
    found = _people(request).audience(query)
    shown = found.people[: body.shown]
    names = _names(request, np.union1d(shown, found.through[: body.shown]).astype(np.int32))
    items = [
        b.TieAudiencePerson(
            user_id=names.get(person), person_no=person, score=round(score, 4), through=names.get(through), through_no=through,
            paths=paths,
        )
        for person, score, through, paths in zip(
            shown.tolist(), found.scores[: body.shown].tolist(), found.through[: body.shown].tolist(),
            found.paths[: body.shown].tolist(), strict=True,
        )
    ]  # fmt: skip
    return b.TieAudienceBody(
        audience=found.kind, words=words_body(AUDIENCE_WORDS[found.kind]), asked=found.asked, reachable=found.reachable,
        size=len(found.people), items=items, query=query,
    )  # fmt: skip


@router.get("/ego/{user_id}")
def ego(
    request: Request, _caller: View, user_id: str,
    nodes: Annotated[int, Query(ge=2, le=MOST_NODES)] = 100, steps: Annotated[int, Query(ge=1, le=2)] = 1,
) -> b.EgoBody:  # fmt: skip
    """Somebody's neighbourhood with the reasons of each tie."""
    people = _people(request)
    person = people.person(user_id)
    if person < 0:
        raise NotFound(
            "no_such_user",
            Words("没有此用户，或其未授权分析。", "There is no such user, or they may not be analysed."),
        )
    found = people.graph.ego(person, nodes=nodes, steps=steps)
    names = _names(request, np.unique(found.people))
    return b.EgoBody(
        user_id=names.get(person, user_id),
        nodes=[
            b.EgoNodeBody(person_no=n, user_id=names.get(n), distance=d, community=c)
            for n, d, c in zip(found.people.tolist(), found.distance.tolist(), found.community.tolist(), strict=True)
        ],
        ties=[_tie(t) for t in found.ties], neighbours=found.neighbours, left=found.left,
    )  # fmt: skip


def _tie(tie: Tie) -> b.EgoTieBody:
    return b.EgoTieBody(
        src=tie.src, dst=tie.dst, strength=round(tie.strength, 4), strong=tie.strong, common=tie.common,
        interactions=tie.interactions, last_day=day_to_iso(tie.last_day) if tie.last_day else None, kinds=list(tie.kinds),
        reasons=[
            b.TieReasonBody(part=r.part, value=round(r.value, 4), weight=r.weight, adds=round(r.adds, 4)) for r in tie.reasons
        ],
    )  # fmt: skip


def _graph(request: Request) -> Graph:
    found: Graph = app_part(request, "graph")
    return found


def _people(request: Request) -> GraphPeople:
    found: GraphPeople = app_part(request, "graph_people")
    return found


def _names(request: Request, people: I32) -> dict[int, str]:
    """The ids by which these people are shown; who is not published has none."""
    profiles: Profiles = app_part(request, "profiles")
    return {number: user_id for part in profiles.ids_of(people) for number, user_id in part}
