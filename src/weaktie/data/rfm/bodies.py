"""What the routes of RFM take and give."""

from typing import Literal

from pydantic import BaseModel, Field

from weaktie.data.profiles.service import rfm_rules
from weaktie.kit.web import WordsBody

BIG = 10**15


class RfmCutBody(BaseModel):
    """How one measure is cut."""

    how: Literal["tertiles", "percent", "fixed"] = "tertiles"
    low: int = Field(default=0, ge=-BIG, le=BIG)
    high: int = Field(default=0, ge=-BIG, le=BIG)

    def cut(self) -> rfm_rules.Cut:
        """The cut."""
        return rfm_rules.Cut(self.how, self.low, self.high)


class RfmCurrencyRuleBody(BaseModel):
    """The cuts of one currency: days, orders, minor units."""

    r: RfmCutBody = RfmCutBody()
    f: RfmCutBody = RfmCutBody()
    m: RfmCutBody = RfmCutBody()


class RfmRuleBody(BaseModel):
    """By currency; one that is not named is cut by tertiles."""

    rule: dict[str, RfmCurrencyRuleBody] = Field(max_length=200)

    def wanted(self) -> rfm_rules.Rule:
        """The rule; raises BadRule."""
        return rfm_rules.checked(
            {
                c[:3].upper(): rfm_rules.CurrencyRule(x.r.cut(), x.f.cut(), x.m.cut())
                for c, x in self.rule.items()
            }
        )


class RfmRuleVersionBody(BaseModel):
    """A rule as it was saved; version 0 is the house's own."""

    version: int
    rule: dict[str, RfmCurrencyRuleBody]
    made_by: str
    made_time: str | None


class RfmRulesBody(BaseModel):
    """Every rule, the newest first."""

    items: list[RfmRuleVersionBody]


class RfmVersionBody(BaseModel):
    """The version that holds now."""

    version: int


class RfmClassBody(BaseModel):
    """A class by key and name."""

    key: str
    words: WordsBody


class RfmClassCountBody(RfmClassBody):
    """A class and how many are in it."""

    count: int


class RfmMoveBody(BaseModel):
    """How many people went from one class to another, or stayed."""

    model_config = {"populate_by_name": True}
    origin: str = Field(alias="from")
    target: str = Field(alias="to")
    count: int


class RfmCutsBody(BaseModel):
    """Cut-offs of one currency."""

    r_days: list[int]
    f: list[int]
    m_minor: list[int]


class RfmPreviewBody(BaseModel):
    """What a rule would change today."""

    as_of_day: int
    people: int
    moved: int
    cutoffs: dict[str, RfmCutsBody]
    before: list[RfmClassCountBody]
    after: list[RfmClassCountBody]
    cells: list[RfmMoveBody]


class RfmMonthBody(BaseModel):
    """Movement over a month; figures of one that is not complete still change."""

    month: str
    from_day: int
    to_day: int
    complete: bool
    cells: list[RfmMoveBody]


class RfmMovesBody(BaseModel):
    """Movement by month, the earliest first."""

    rule_version: int
    classes: list[RfmClassBody]
    months: list[RfmMonthBody]
