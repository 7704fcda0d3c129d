"""The business systems: referral, and what it asks of ledger, risk and the social graph."""

from functools import cached_property

from weaktie.app.ports_referral import ReferralAssess, ReferralLedger, ReferralStrength
from weaktie.app.wiring_analyse import AnalyseParts
from weaktie.app.wiring_loyalty import LoyaltyParts
from weaktie.business.referral.contracts import Assess, Ledger, Strength
from weaktie.business.referral.following import Follower
from weaktie.business.referral.service import Referral
from weaktie.data.collect.crawlers import crawler_of
from weaktie.kit.outbound import Outbound
from weaktie.trust.consent.links import Limiter


class ReferralParts(LoyaltyParts, AnalyseParts):
    """Referral and its ports."""

    @property
    def referral_ledger(self) -> Ledger | None:
        """The ledger as referral asks it."""
        return ReferralLedger(self.ledger)

    @property
    def referral_assess(self) -> Assess | None:
        """The risk scorer."""
        return ReferralAssess(self.risk)

    @property
    def referral_strength(self) -> Strength | None:
        """Strengths of ties, from the social graph."""
        return ReferralStrength(lambda: self.graph, self.identity)

    @cached_property
    def referral(self) -> Referral:
        """Campaigns, invitations, rewards, group buying."""
        return Referral(
            self.database, self.settings, self.clock, self.vault, self.consent_people, self.identity, self.consent,
            Outbound(self.settings.outbound.allow, timeout_s=10.0), self.referral_ledger, self.referral_assess,
            self.referral_strength,
        )  # fmt: skip

    @cached_property
    def referral_follower(self) -> Follower:
        """What events say of invitations and orders."""
        return Follower(self.referral, self.lake, self.engine)

    @cached_property
    def referral_limiter(self) -> Limiter:
        """Limits of the hosted pages."""
        return Limiter()

    @property
    def is_crawler(self) -> object:
        """Whether a user agent is a known crawler's."""
        return crawler_of
