/** The shapes of `/api/*`. Times are ISO 8601 in UTC, money is an integer of minor units beside its currency. */

export interface Words {
  zh: string;
  en: string;
}
export interface Money {
  amount_minor: number;
  currency: string;
}
export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
  total: number | null;
}

export type Permission = "view" | "operate" | "develop" | "comply" | "own";
export type Role = "owner" | "operator" | "analyst" | "developer" | "compliance";
export interface Person {
  account_id: string;
  name: string;
  email: string;
  role: Role;
  permissions: Permission[];
}
export interface Workspace {
  name: string;
  timezone: string;
  currency: string;
  language: string;
  simulated: boolean;
}
export interface Session {
  person: Person | null;
  csrf: string;
  workspace: Workspace;
}
export interface Account {
  account_id: string;
  name: string;
  email: string;
  role: Role;
  disabled: boolean;
  invited: boolean;
  last_sign_in_time: string | null;
}
export interface Invitation {
  link: string;
  account: Account;
}
export interface ApiKey {
  key_id: string;
  kind: "write" | "read";
  name: string;
  source_id: string | null;
  created_time: string;
  last_used_time: string | null;
  revoked_time: string | null;
}

export interface AuditEntry {
  id: number;
  at_time: string;
  actor: string;
  actor_name: string | null;
  action: string;
  object_kind: string;
  object_id: string;
  detail: Record<string, unknown>;
}
export interface AuditCheck {
  ok: boolean;
  checked: number;
  first_bad: number | null;
}

export interface Setting {
  key: string;
  env: string;
  value: string | number | boolean | string[];
  default: string | number | boolean | string[];
  type: string;
  help: Words;
}
export interface Check {
  check: string;
  ok: boolean;
  message: Words;
  mend: Words | null;
}

export type Purpose = "analytics" | "personalisation" | "marketing" | "social";
export type Basis = "contract" | "consented_upstream" | "ask_us";
export type BasisPerPurpose = Record<Purpose, Basis>;
export interface Source {
  source_id: string;
  name: string;
  kind: string;
  simulated: boolean;
  basis: BasisPerPurpose;
  created_time: string;
  archived_time: string | null;
  events_24h: number;
  last_event_time: string | null;
}
export interface NewSource {
  source: Source;
  write_key: string;
}

export interface Reason {
  code: string;
  words: Words;
  count: number;
}
export interface LeftOut {
  total: number;
  reasons: Reason[];
}
export interface Overview {
  generated_time: string;
  users: number;
  people_left_out: LeftOut;
  orders: number;
  gmv: Money[];
  events_total: number;
  events_per_minute: { minute_time: string; events: number }[];
  orders_per_day: ({ day: string; orders: number } & Money)[];
  active_users_per_day: { day: string; users: number }[];
  top_events: { event: string; count: number }[];
  freshness: {
    lag_records: number;
    lake_time: string | null;
    published_time: string | null;
    generation: number | null;
  };
  dead_letters: number;
}
export type Definitions = Record<string, { words: Words; definition: Words }>;

export interface LiveEvent {
  event_id: string;
  event: string;
  event_time: string;
  received_time: string;
  user_id: string | null;
  source: string;
  platform: string | null;
  properties: Record<string, unknown>;
}
export interface DeadLetter {
  id: number;
  received_time: string;
  source: string;
  code: string;
  message: Words;
  place: string;
  sample: string | null;
  protocol: string;
}
export interface DeadLetterCount {
  code: string;
  message: Words;
  count: number;
  last_time: string;
}

export type ImportKind = "events" | "orders" | "users" | "products" | "contents" | "relations";
export interface Mapping {
  name: string;
  kind: ImportKind;
  words: Words;
  columns: MappedField[];
}
export interface MappedField {
  field: string;
  words: Words;
  required: boolean;
  column: string | null;
}
export interface BadRow {
  line: number;
  code: string;
  message: Words;
  place: string;
}
export interface Preview {
  rows: Record<string, unknown>[];
  bad: BadRow[];
}
export type ImportState = "new" | "waiting" | "running" | "done" | "failed";
export interface Import {
  import_id: string;
  filename: string;
  kind: ImportKind;
  mapping: string;
  state: ImportState;
  columns: string[];
  fields: MappedField[];
  basis: BasisPerPurpose;
  source_id: string | null;
  suggested: string[];
  rows_total: number | null;
  rows_done: number;
  rows_bad: number;
  rows_duplicate: number;
  job_id: string | null;
  created_time: string;
  preview: Preview | null;
}

export type JobState = "waiting" | "running" | "done" | "failed" | "cancelled";
export interface Job {
  job_id: string;
  kind: string;
  words: Words;
  state: JobState;
  progress: number;
  step: Words | null;
  made_time: string;
  started_time: string | null;
  ended_time: string | null;
  result: Record<string, unknown> | null;
  error: { code: string; message: Words } | null;
  actor: string;
}

export interface UserRow {
  user_id: string;
  person_no: number;
  name: string | null;
  tier: string | null;
  rfm_class: string | null;
  orders: number;
  spend_minor: number;
  currency: string | null;
  last_seen_time: string | null;
  registered_time: string | null;
  channel: string | null;
  province: string | null;
  city: string | null;
}
export interface UserPage extends Page<UserRow> {
  left_out: LeftOut;
}
export interface Facet {
  value: string;
  words: Words;
  count: number;
}
export interface Facets {
  tiers: Facet[];
  rfm: Facet[];
  channels: Facet[];
  provinces: Facet[];
  genders: Facet[];
}

export interface Tag {
  key: string;
  words: Words;
  dimension: string;
  dimension_words: Words;
  value: unknown;
  display: Words;
  unit: Words | string | null;
  definition: Words;
}
export interface RfmScore {
  r: Level;
  f: Level;
  m: Level;
  class: string;
  class_words: Words;
  tier: string;
  tier_words: Words;
}
export interface PurposeState {
  purpose: Purpose;
  words: Words;
  granted: boolean;
  basis: string | null;
  since_time: string | null;
}
export interface Profile {
  person_no: number;
  user_id: string;
  aliases: { kind: string; value: string | null; first_seen_time: string | null }[];
  generation: number | null;
  built_time: string | null;
  live: { last_seen_time: string | null; events_since_build: number; last_event: string | null } | null;
  names: { nickname: string | null; phone: string | null; email: string | null };
  tags: Tag[];
  rfm: RfmScore | null;
  counts: { events: number; orders: number };
  purposes: PurposeState[];
}
export interface TimelineEvent {
  event_id: string;
  event: string;
  event_time: string;
  platform: string | null;
  channel: string | null;
  source: string | null;
  properties: Record<string, unknown>;
}
export interface OrderRow extends Money {
  order_id: string;
  paid_time: string | null;
  status: string;
  channel: string | null;
  items: ({ product_id: string | null; name: string | null; quantity: number } & Money)[];
}
export interface Relation {
  direction: "out" | "in";
  user_id: string | null;
  kind: string;
  count: number;
  last_time: string | null;
}
export interface Receipt {
  purpose: Purpose;
  granted: boolean;
  basis: string | null;
  how: string;
  source: string | null;
  at_time: string;
}
export interface Revealed {
  nickname: string | null;
  phone: string | null;
  email: string | null;
}
export interface Erasure {
  erasure_id: string;
  user_id: string;
  state: string;
  reason: string;
  requested_time: string;
  finished_time: string | null;
  actor: string;
  steps: { store: string; removed: number; finished_time: string | null; note: string | null }[];
}

export interface TagCard {
  key: string;
  words: Words;
  dimension: string;
  dimension_words: Words;
  unit: Words | string | null;
  definition: Words;
  source_tables: string[];
  window_days: number | null;
  coverage: number;
  freshness_time: string | null;
  distribution: { label: Words; count: number }[];
}

export type Level = "high" | "mid" | "low";
export interface RfmCell {
  r: Level;
  f: Level;
  m: Level;
  count: number;
  spend_minor: number;
}
export interface RfmGroup {
  key: string;
  words: Words;
  count: number;
  share: number;
  spend_minor: number;
  orders: number;
}
export interface Rfm {
  generation: number | null;
  people: number;
  cells: RfmCell[];
  classes: RfmGroup[];
  tiers: RfmGroup[];
  cutoffs: Record<string, { r_days: number[]; f: number[]; m_minor: number[] }>;
  definition: Words;
  left_out: LeftOut;
}
