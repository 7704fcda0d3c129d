/** Which address shows which page. Pages load when they are first visited. */
import { lazy, Suspense } from "react";
import { Navigate, Route, Routes, useLocation } from "react-router";
import type { Way } from "@/trust/accounts/Entrance";
import { NotFound } from "./NotFound";
import { useSession } from "@/kit/session";
import { Shell } from "./Shell";

const Entrance = lazy(() => import("@/trust/accounts/Entrance"));
const Overview = lazy(() => import("@/app/overview/OverviewPage"));
const Users = lazy(() => import("@/data/profiles/UsersPage"));
const Profile = lazy(() => import("@/data/profiles/ProfilePage"));
const Tags = lazy(() => import("@/data/profiles/TagsPage"));
const Rfm = lazy(() => import("@/data/profiles/RfmPage"));
const Segments = lazy(() => import("@/data/segments/SegmentsPage"));
const OneSegment = lazy(() => import("@/data/segments/SegmentPage"));
const Identity = lazy(() => import("@/data/identity/IdentityPage"));
const Ties = lazy(() => import("@/data/graph/TiesPage"));
const Acquire = lazy(() => import("@/data/acquisition/AcquirePage"));
const Private = lazy(() => import("@/data/private/PrivatePage"));
const Koc = lazy(() => import("@/ai/influence/KocPage"));
const OneCreator = lazy(() => import("@/ai/influence/CreatorPage"));
const Cascades = lazy(() => import("@/ai/influence/CascadesPage"));
const Funnel = lazy(() => import("@/data/funnels/FunnelPage"));
const RetentionTabs = lazy(() => import("@/data/retention/RetentionPage"));
const UserPaths = lazy(() => import("@/data/paths/PathsPage"));
const Live = lazy(() => import("@/data/collect/LivePage"));
const DeadLetters = lazy(() => import("@/data/collect/DeadLettersPage"));
const Tracking = lazy(() => import("@/data/tracking/TrackingPage"));
const Sources = lazy(() => import("@/data/sources/SourcesPage"));
const Imports = lazy(() => import("@/data/imports/ImportsPage"));
const Mappings = lazy(() => import("@/data/imports/MappingsPage"));
const Pulls = lazy(() => import("@/data/pulls/PullsPage"));
const OneImport = lazy(() => import("@/data/imports/ImportPage"));
const Relays = lazy(() => import("@/data/relay/RelaysPage"));
const Parity = lazy(() => import("@/data/relay/ParityPage"));
const Reconcile = lazy(() => import("@/data/reconcile/ReconcilePage"));
const OneReconciliation = lazy(() => import("@/data/reconcile/ReconciliationPage"));
const Quality = lazy(() => import("@/data/quality/QualityPage"));
const Metrics = lazy(() => import("@/data/metrics/MetricsPage"));
const Aarrr = lazy(() => import("@/data/metrics/AarrrPage"));
const Attributed = lazy(() => import("@/data/attribution/AttributionPage"));
const Boards = lazy(() => import("@/data/boards/BoardsPage"));
const OneBoard = lazy(() => import("@/data/boards/BoardPage"));
const Sql = lazy(() => import("@/data/sql/SqlPage"));
const Loyalty = lazy(() => import("@/business/loyalty/LoyaltyPage"));
const Ledger = lazy(() => import("@/trust/ledger/LedgerPage"));
const Risk = lazy(() => import("@/business/risk/RiskPage"));
const Campaigns = lazy(() => import("@/business/referral/CampaignsPage"));
const OneCampaign = lazy(() => import("@/business/referral/CampaignPage"));
const Groups = lazy(() => import("@/business/referral/GroupsPage"));
const Jobs = lazy(() => import("@/app/jobs/JobsPage"));
const Consents = lazy(() => import("@/trust/consent/ConsentPage"));
const Rights = lazy(() => import("@/trust/rights/RightsPage"));
const Erasures = lazy(() => import("@/trust/rights/ErasuresPage"));
const Audit = lazy(() => import("@/trust/audit/AuditPage"));
const Settings = lazy(() => import("@/app/settings/SettingsPage"));

function Door({ way }: { way: Way }) {
  return (
    <Suspense fallback={null}>
      <Entrance way={way} />
    </Suspense>
  );
}

export function Pages() {
  const { person } = useSession();
  const { pathname, search } = useLocation();
  return (
    <Routes>
      <Route path="/sign-in" element={<Door way="sign-in" />} />
      <Route path="/setup" element={<Door way="setup" />} />
      <Route path="/invite" element={<Door way="invite" />} />
      {person ? (
        <Route element={<Shell />}>
          <Route index element={<Overview />} />
          <Route path="/users" element={<Users />} />
          <Route path="/users/:userId" element={<Profile />} />
          <Route path="/tags" element={<Tags />} />
          <Route path="/rfm" element={<Rfm />} />
          <Route path="/segments" element={<Segments />} />
          <Route path="/segments/:segmentId/:tab?" element={<OneSegment />} />
          <Route path="/identity/:tab?" element={<Identity />} />
          <Route path="/social/ties/:tab?" element={<Ties />} />
          <Route path="/acquire/:tab?" element={<Acquire />} />
          <Route path="/private" element={<Private />} />
          <Route path="/social/koc/:tab?" element={<Koc />} />
          <Route path="/social/creators/:userId" element={<OneCreator />} />
          <Route path="/social/cascades" element={<Cascades />} />
          <Route path="/analyse/funnel" element={<Funnel />} />
          <Route path="/analyse/retention/:tab?" element={<RetentionTabs />} />
          <Route path="/analyse/paths" element={<UserPaths />} />
          <Route path="/live" element={<Live />} />
          <Route path="/dead-letters" element={<DeadLetters />} />
          <Route path="/tracking/:tab?" element={<Tracking />} />
          <Route path="/sources" element={<Sources />} />
          <Route path="/imports" element={<Imports />} />
          <Route path="/imports/pulls" element={<Pulls />} />
          <Route path="/imports/mappings" element={<Mappings />} />
          <Route path="/imports/:importId" element={<OneImport />} />
          <Route path="/relays" element={<Relays />} />
          <Route path="/relays/:relayId" element={<Parity />} />
          <Route path="/reconcile" element={<Reconcile />} />
          <Route path="/reconcile/:recId" element={<OneReconciliation />} />
          <Route path="/quality" element={<Quality />} />
          <Route path="/analyse/metrics" element={<Metrics />} />
          <Route path="/analyse/aarrr" element={<Aarrr />} />
          <Route path="/analyse/attribution" element={<Attributed />} />
          <Route path="/boards" element={<Boards />} />
          <Route path="/boards/:boardId" element={<OneBoard />} />
          <Route path="/analyse/sql" element={<Sql />} />
          <Route path="/loyalty/:tab?" element={<Loyalty />} />
          <Route path="/ledger/:tab?" element={<Ledger />} />
          <Route path="/referral/risk/:tab?" element={<Risk />} />
          <Route path="/referral" element={<Campaigns />} />
          <Route path="/referral/:campaignId/:tab?" element={<OneCampaign />} />
          <Route path="/groups" element={<Groups />} />
          <Route path="/jobs" element={<Jobs />} />
          <Route path="/consents/:tab?" element={<Consents />} />
          <Route path="/rights" element={<Rights />} />
          <Route path="/erasures" element={<Erasures />} />
          <Route path="/audit" element={<Audit />} />
          <Route path="/settings/:tab?" element={<Settings />} />
          <Route path="*" element={<NotFound />} />
        </Route>
      ) : (
        <Route
          path="*"
          element={<Navigate replace to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} />}
        />
      )}
    </Routes>
  );
}
