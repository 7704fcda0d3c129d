/**
 * The shapes of `/api/*` under the names the pages use. They are looked up by address in `schema.d.ts`, which is
 * generated from the server's own description: `npm run types`. Times are ISO 8601 in UTC, money is an integer of
 * minor units beside its currency.
 */
import type { components, paths } from "./schema";

/** What GET of an address answers. */
type Got<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Answer } } } };
}
  ? Answer
  : never;
type Item<List> = List extends { items: (infer Row)[] } ? Row : never;

export interface Words {
  zh: string;
  en: string;
}
export interface Page<Row> {
  items: Row[];
  next_cursor: string | null;
  total?: number | null;
}

export type Session = Got<"/api/session">;
export type Workspace = Session["workspace"];
export type Person = NonNullable<Session["person"]>;
export type Permission = "view" | "operate" | "query" | "develop" | "comply" | "own";
export type Role = components["schemas"]["Role"];
export type Account = Got<"/api/accounts">[number];
export type Invitation = components["schemas"]["InvitedBody"];
export type ApiKey = Got<"/api/keys">[number];

export type AuditEntry = Item<Got<"/api/audit">>;
export type AuditCheck = Got<"/api/audit/verify">;
export type Erasure = Got<"/api/erasures/{erasure_id}">;

export type RightsRequest = Got<"/api/rights-requests/{request_id}">;
export type RightsKind = RightsRequest["kind"];
export type RightsState = RightsRequest["state"];
export type RightsQueue = Got<"/api/rights-requests/queue">;
export type RightsProof = Got<"/api/rights-requests/{request_id}/proof">;
export type RightsData = components["schemas"]["DataBody"];
export type NewRightsRequest = components["schemas"]["RequestAsk"];
export type Correction = components["schemas"]["CorrectAsk"];
export type CopyTicket = components["schemas"]["TicketBody"];

export type ConsentSubject = Got<"/api/consent/texts">[number];
export type ConsentNotice = ConsentSubject["versions"][number];
export type ConsentDraft = components["schemas"]["DraftBody"];
export type ConsentNumbers = Got<"/api/consent/numbers">;
export type DiffLine = Got<"/api/consent/texts/{subject}/{version}/diff">[number];
export type PersonalLink = components["schemas"]["LinkBody"];
export type PersonConsent = Got<"/api/profiles/{user_id}/consent">;
export type AgeStatement = components["schemas"]["AgeAsk"];

export type Setting = Got<"/api/settings">[number];
export type Check = Got<"/api/doctor">[number];

export type Source = Got<"/api/sources">[number];
export type NewSource = components["schemas"]["NewSourceBody"];
export type BasisPerPurpose = Required<Source["basis"]>;
export type Purpose = keyof BasisPerPurpose;
export type Basis = BasisPerPurpose[Purpose];

export type Webhook = Got<"/api/sources/{source_id}/webhooks">[number];
export type WebhookKind = Webhook["kind"];
export type PrivacyRequest = Item<Got<"/api/privacy-requests">>;
export type Trial = components["schemas"]["TrialBody"];
export type Tried = Trial["items"][number];

export type Overview = Got<"/api/overview">;
export type LeftOut = Overview["people_left_out"];
export type Definitions = Got<"/api/definitions">;

export type LiveEvent = Item<Got<"/api/live/events">>;
export type DeadLetter = Item<Got<"/api/dead-letters">>;
export type MendPreview = components["schemas"]["MendPreviewBody"];
export type DeadLetterCount = Got<"/api/dead-letters/summary">[number];

export type Mapping = Got<"/api/imports/mappings">[number];
export type Cell = components["schemas"]["CellOut"];
export type Pull = Got<"/api/pulls">[number];
export type PullRun = Got<"/api/pulls/{pull_id}/runs">[number];
export type PullWay = Pull["way"];
export type Import = Got<"/api/imports/{import_id}">;
export type Prepared = Got<"/api/imports/{import_id}/preview">;
export type Preview = NonNullable<Prepared["preview"]>;
export type BadRow = Preview["bad"][number];
export type ImportKind = Import["kind"];

export type Quality = Got<"/api/quality">;
export type Mark = Got<"/api/quality/marks">[number];
export type MarkKind = Mark["kind"];
export type AddedMarks = components["schemas"]["AddedBody"];

export type Relay = Got<"/api/relays">[number];
export type RelayTest = components["schemas"]["RelayTestBody"];
export type Parity = Got<"/api/relays/{relay_id}/parity">;
export type Reconciliation = Got<"/api/reconciliations/{rec_id}">;
export type ReconcileTerms = Got<"/api/reconciliations/terms">;
export type DifferingOrder = Got<"/api/reconciliations/{rec_id}/orders">[number];

export type Job = Got<"/api/jobs/{job_id}">;
export type Backups = Got<"/api/backups">;
export type Backup = Backups["items"][number];
export type JobState = Job["state"];

export type UserPage = Got<"/api/users">;
export type UserRow = Item<UserPage>;
export type Facets = Got<"/api/users/facets">;
export type Facet = Facets["tiers"][number];

export type Profile = Got<"/api/profiles/{user_id}">;
export type Tag = Profile["tags"][number];
export type PurposeState = Profile["purposes"][number];
export type TimelineEvent = Item<Got<"/api/profiles/{user_id}/timeline">>;
export type OrderRow = Item<Got<"/api/profiles/{user_id}/orders">>;
export type Relation = Item<Got<"/api/profiles/{user_id}/relations">>;
export type Receipt = Item<Got<"/api/profiles/{user_id}/consent">>;
export type Revealed = components["schemas"]["NamesBody"];

export type WhyOnePerson = Got<"/api/profiles/{user_id}/identity">;
export type IdentifierShown = WhyOnePerson["identifiers"][number];
export type IdentityLink = WhyOnePerson["links"][number];
export type IdentityReview = Item<Got<"/api/identity/reviews">>;
export type ReviewCount = Item<Got<"/api/identity/reviews/counts">>;
export type OpenOrders = Got<"/api/identity/unidentified">;
export type OpenOrder = Item<OpenOrders>;

export type TagCard = Got<"/api/tags">[number];
export type Rfm = Got<"/api/rfm">;
export type RfmCell = Rfm["cells"][number];
export type RfmGroup = Rfm["classes"][number];
export type Level = RfmCell["r"];

export type Plan = Got<"/api/tracking/plan">;
export type PlannedEvent = Plan["events"][number];
export type PlannedProperty = Plan["common"][number];
export type PlanVersion = Got<"/api/tracking/plan/versions">[number];
export type PlanChange = Got<"/api/tracking/plan/difference">[number];
export type PlanPreview = Got<"/api/tracking/plan/proposal">;
export type TrackedEvent = Got<"/api/tracking/events">[number];
export type TrackedDetail = Got<"/api/tracking/event">;
export type Coverage = Got<"/api/tracking/coverage">;
export type CoverageShare = Coverage["platforms"][number];
export type ViolationReport = Got<"/api/tracking/violations">;
export type Violation = ViolationReport["items"][number];
export type TrackingAlerts = Got<"/api/tracking/alerts">;
export type TrackingAlert = TrackingAlerts["items"][number];
export type PromotedColumns = Got<"/api/tracking/columns">;
export type PromotedColumn = PromotedColumns["items"][number];
export type ColumnType = PromotedColumn["type"];
export type TraitReport = Got<"/api/tracking/traits">;
export type TraitViolation = TraitReport["items"][number];
export type TrackingState = Got<"/api/tracking/state">;

export type SeenEvent = Item<Got<"/api/behaviour/events">>;
export type SeenProperty = Item<Got<"/api/behaviour/properties">>;

export type SegmentCard = Item<Got<"/api/segments">>;
export type SegmentOne = Got<"/api/segments/{segment_id}">;
export type SegmentMade = components["schemas"]["SegmentMadeBody"];
export type SegmentPreview = components["schemas"]["SegmentPreviewBody"];
export type SegmentVocabulary = Got<"/api/segments/vocabulary">;
export type TagValueCount = Got<"/api/segments/values">[number];
export type SegmentRun = Got<"/api/segments/{segment_id}/history">[number];
export type SegmentVersion = Got<"/api/segments/{segment_id}/versions">[number];
export type IdList = components["schemas"]["SegmentListBody"];
export type Acquisition = Got<"/api/acquisition/figures">;
export type AcquiredGroup = Acquisition["everybody"];
export type WindowShare = AcquiredGroup["d7"];
export type ChannelLink = Item<Got<"/api/acquisition/links">>;
export type NewLink = components["schemas"]["NewLinkBody"];
export type MadeLinks = components["schemas"]["MadeBody"];
export type Naming = Got<"/api/acquisition/naming">;
export type NameAnswer = components["schemas"]["NameAnswer"];
export type CostBatch = Got<"/api/acquisition/costs">[number];
export type CostDetail = Got<"/api/acquisition/costs/{batch_id}">;
export type SeedCount = components["schemas"]["SeedCount"];
export type Creators = Got<"/api/influence/creators">;
export type Creator = Creators["items"][number];
export type CreatorFigures = Got<"/api/influence/creators/{user_id}">;
export type KocRules = Got<"/api/influence/rules">;
export type KocRule = KocRules["current"]["rule"];
export type KocPreview = components["schemas"]["KocPreviewBody"];
export type Cascades = Got<"/api/influence/cascades">;
export type CascadeFigures = Cascades["everybody"];
export type CascadeTree = Got<"/api/influence/cascades/tree">;
export type CascadeNode = components["schemas"]["CascadeNodeBody"];
export type SeedPlans = Got<"/api/influence/seeds">;
export type SeedPlan = SeedPlans["items"][number];
export type SeedsAsk = components["schemas"]["SeedsAsk"];
export type CreatorAudience = Item<Got<"/api/influence/audiences">>;
export type AudienceDraft = components["schemas"]["AudienceDraftBody"];
export type AudiencePerson = AudienceDraft["items"][number];
export type PrivateFigures = Got<"/api/private/figures">;
export type PrivatePeriod = PrivateFigures["whole"];
export type PrivateSide = PrivatePeriod["private"];
export type OwnedChannel = PrivateFigures["channels"][number];
export type TakenMembers = components["schemas"]["TakenMembersBody"];
export type CustomTags = Got<"/api/custom-tags">;
export type CustomTag = CustomTags["items"][number];
export type TagLineage = Got<"/api/tags/lineage">[number];
export type TagTables = Got<"/api/custom-tags/tables">;
export type TagVersion = Got<"/api/custom-tags/{key}/versions">[number];
export type OwnTag = Got<"/api/profiles/{user_id}/custom-tags">[number];
export type TagWords = Got<"/api/tag-words">;
export type TagPreview = components["schemas"]["TagPreviewBody"];
export type TagUploaded = components["schemas"]["TagUploadedBody"];
export type RfmRules = Got<"/api/rfm/rules">;
export type RfmRule = RfmRules["items"][number]["rule"];
export type RfmCut = RfmRule[string]["r"];
export type RfmPreview = components["schemas"]["RfmPreviewBody"];
export type RfmMoves = Got<"/api/rfm/moves">;
export type RfmMonth = RfmMoves["months"][number];
export type RetentionAnswer = components["schemas"]["RetentionBody"];
export type RetentionGroup = RetentionAnswer["groups"][number];
export type LifecycleAnswer = components["schemas"]["LifecycleBody"];
export type LifeStage = LifecycleAnswer["groups"][number]["stages"][number];
export type PathsAnswer = components["schemas"]["PathsBody"];
export type PathNode = PathsAnswer["nodes"][number];
export type Metric = Got<"/api/metrics">[number];
export type MetricAnswer = components["schemas"]["AnswerBody"];
export type MetricSeries = MetricAnswer["series"][number];
export type MetricPoint = MetricSeries["points"][number];
export type MetricChange = MetricPoint["previous"];
export type CustomMetric = Got<"/api/metrics/custom">[number];
export type Aarrr = Got<"/api/aarrr">;
export type AarrrItem = Aarrr["stages"][number]["items"][number];
export type AarrrChannel = Aarrr["channels"][number];
export type Attribution = components["schemas"]["AttributionBody"];
export type AttributionChannel = Attribution["channels"][number];
export type AttributionModel = Attribution["models"][number]["model"];
export type SqlSchema = Got<"/api/sql/schema">;
export type SqlTable = SqlSchema["tables"][number];
export type SqlRun = Got<"/api/sql/runs/{run_id}">;
export type SqlRows = Got<"/api/sql/runs/{run_id}/rows">;
export type Board = Got<"/api/boards/{board_id}">;
export type BoardTile = Board["tiles"][number];
export type TileData = Got<"/api/boards/{board_id}/tiles/{tile_id}">;
export type SavedQuery = Got<"/api/sql/queries/{query_id}">;
export type LedgerState = Got<"/api/ledger/state">;
export type LedgerTotal = LedgerState["totals"][number];
export type LedgerCheck = NonNullable<LedgerState["check"]>;
export type LedgerAccount = Item<Got<"/api/ledger/accounts">>;
export type LedgerName = components["schemas"]["LedgerAccountName"];
export type LedgerTransfer = Item<Got<"/api/ledger/transfers">>;
export type TransferDetail = Got<"/api/ledger/transfers/{transfer_id}">;
export type LedgerStatement = Got<"/api/ledger/accounts/{account_id}/statement">;
export type LedgerBudget = Got<"/api/ledger/budgets">[number];
export type CouponTemplate = Item<Got<"/api/loyalty/templates">>;
export type CouponDetail = Got<"/api/loyalty/templates/{template_id}">;
export type NewTemplate = components["schemas"]["TemplateRequest"];
export type Coupon = Item<Got<"/api/loyalty/templates/{template_id}/coupons">>;
export type LoyaltyShop = Got<"/api/loyalty/shops">[number];
export type ShopSecret = components["schemas"]["ShopSecretBody"];
export type PointsState = Got<"/api/loyalty/points">;
export type PointsOf = Got<"/api/loyalty/points/of">;
export type PointsRule = Got<"/api/loyalty/points/rules">[number];
export type NewPointsRule = components["schemas"]["PointsRuleRequest"];
export type PointsGoods = Got<"/api/loyalty/points/goods">[number];
export type PointsRedemption = Item<Got<"/api/loyalty/points/redemptions">>;

export type SocialGraph = Got<"/api/graph">;
export type Community = Item<Got<"/api/graph/communities">>;
export type Bridge = Item<Got<"/api/graph/bridges">>;
export type TieAsk = components["schemas"]["TieAudienceAsk"];
export type TieAudience = components["schemas"]["TieAudienceBody"];
export type TiePerson = TieAudience["items"][number];
export type Ego = Got<"/api/graph/ego/{user_id}">;
export type EgoTie = Ego["ties"][number];
export type RiskSummary = Got<"/api/risk/summary">;
export type RiskCase = Item<Got<"/api/risk/cases">>;
export type RiskDetail = Got<"/api/risk/cases/{case_id}">;
export type RiskEvidence = RiskDetail["evidence"];
export type RiskRules = Got<"/api/risk/rules">;
export type RiskRuleRow = RiskRules["rules"][number];
export type RiskVersion = RiskRules["versions"][number];
export type ReferralCampaigns = Got<"/api/referral/campaigns">;
export type ReferralCard = ReferralCampaigns["items"][number];
export type ReferralCampaign = Got<"/api/referral/campaigns/{campaign_id}">;
export type ReferralVersion = Got<"/api/referral/campaigns/{campaign_id}/versions">[number];
export type ReferralTemplate = Got<"/api/referral/templates">[number];
export type ReferralFigures = Got<"/api/referral/campaigns/{campaign_id}/figures">;
export type ReferralCascade = Got<"/api/referral/campaigns/{campaign_id}/cascade">;
export type ReferralBoard = Got<"/api/referral/campaigns/{campaign_id}/board">;
export type ReferralReward = Item<Got<"/api/referral/campaigns/{campaign_id}/rewards">>;
export type ReferralHooks = Got<"/api/referral/hooks">;
export type ReferralHook = ReferralHooks["items"][number];
export type ReferralSpec = components["schemas"]["ReferralSpec"];
export type NewReferral = components["schemas"]["NewCampaign"];
export type LintAnswer = components["schemas"]["LintAnswer"];
export type LintFinding = components["schemas"]["LintFinding"];
export type CheckedCampaign = components["schemas"]["CheckedBody"];
export type GroupOffer = Item<Got<"/api/referral/offers">>;
export type NewGroupOffer = components["schemas"]["OfferAsk"];
export type BuyingGroup = Item<Got<"/api/referral/offers/{offer_id}/groups">>;
