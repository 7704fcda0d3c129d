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
export type Permission = "view" | "operate" | "develop" | "comply" | "own";
export type Role = components["schemas"]["Role"];
export type Account = Got<"/api/accounts">[number];
export type Invitation = components["schemas"]["InvitedBody"];
export type ApiKey = Got<"/api/keys">[number];

export type AuditEntry = Item<Got<"/api/audit">>;
export type AuditCheck = Got<"/api/audit/verify">;
export type Erasure = Got<"/api/erasures/{erasure_id}">;

export type Setting = Got<"/api/settings">[number];
export type Check = Got<"/api/doctor">[number];

export type Source = Got<"/api/sources">[number];
export type NewSource = components["schemas"]["NewSourceBody"];
export type BasisPerPurpose = Required<Source["basis"]>;
export type Purpose = keyof BasisPerPurpose;
export type Basis = BasisPerPurpose[Purpose];

export type Overview = Got<"/api/overview">;
export type LeftOut = Overview["people_left_out"];
export type Definitions = Got<"/api/definitions">;

export type LiveEvent = Item<Got<"/api/live/events">>;
export type DeadLetter = Item<Got<"/api/dead-letters">>;
export type DeadLetterCount = Got<"/api/dead-letters/summary">[number];

export type Mapping = Got<"/api/imports/mappings">[number];
export type Import = Got<"/api/imports/{import_id}">;
export type Prepared = Got<"/api/imports/{import_id}/preview">;
export type Preview = NonNullable<Prepared["preview"]>;
export type BadRow = Preview["bad"][number];
export type ImportKind = Import["kind"];

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

export type TagCard = Got<"/api/tags">[number];
export type Rfm = Got<"/api/rfm">;
export type RfmCell = Rfm["cells"][number];
export type RfmGroup = Rfm["classes"][number];
export type Level = RfmCell["r"];
