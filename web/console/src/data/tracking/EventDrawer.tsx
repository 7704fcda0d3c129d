import { Alert, App, Button, Drawer, Form, Input, Select, Tag } from "antd";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Plan, PlannedEvent, TrackedDetail } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { Facts } from "@/kit/small";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { PLATFORMS, typeWords } from "./names";
import { Seen, STALE, StatusTag } from "./PlanTab";
import { PromoteButton } from "./PromoteButton";
import { cleaned, PropertyRows } from "./PropertyRows";

const FRESH: PlannedEvent = {
  name: "", label: { zh: "", en: "" }, about: { zh: "", en: "" }, status: "planned", owner: "", platforms: [], purposes: [], properties: [],
};
const STATUSES = ["planned", "active", "deprecated"] as const;
const PURPOSES = ["analytics", "personalisation", "marketing", "social"] as const;

interface EventDrawerProps {
  plan: Plan;
  /** None: a new event. */
  name: string | null;
  onClose: () => void;
}

export function EventDrawer({ plan, name, onClose }: EventDrawerProps) {
  const { t } = useLanguage();
  const read = useRead<TrackedDetail>("/api/tracking/event", { name: name ?? "", days: 30 }, { enabled: name !== null });
  if (name === null) return <Editor plan={plan} event={FRESH} name={null} onClose={onClose} />;
  const planned = plan.events.find((event) => event.name === name);
  if (planned) return <Editor plan={plan} event={planned} name={name} onClose={onClose} detail={read.data} />;
  return (
    <Drawer open size="large" onClose={onClose} title={name} footer={<Adopt plan={plan} name={name} />}>
      <Alert type="warning" showIcon title={t("track.unplannedText")} className="gap" />
      <Shown read={read}>{(detail) => <Came detail={detail} />}</Shown>
    </Drawer>
  );
}

/** Plans an event as it was seen. */
function Adopt({ plan, name }: { plan: Plan; name: string }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const adopt = useWrite<void, Plan>(() => api.post("/api/tracking/plan/adopt", { base_version: plan.version, event: name }), STALE);
  if (!may("develop")) return null;
  return (
    <Button
      type="primary"
      loading={adopt.isPending}
      data-testid="track-adopt"
      onClick={() =>
        adopt.mutate(undefined, {
          onSuccess: () => void message.success(t("track.adopted", { name })),
          onError: (error) => void message.error(w(error.words)),
        })
      }
    >
      {t("track.adopt")}
    </Button>
  );
}

/** What came of an event: where, how often, with which properties of which types. */
function Came({ detail }: { detail: TrackedDetail }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const { row } = detail;
  return (
    <>
      <Facts
        items={[
          [t("track.status"), <StatusTag key="status" status={row.status} />],
          [t("track.platforms30"), <Seen key="seen" event={row} />],
          [t("track.lastSeen"), row.last_day ?? "–"],
          [t("track.events30"), <span key="events" className="number">{whole(row.events)}</span>],
          [
            t("track.failed"),
            <Link key="failed" to={`/tracking/report?days=30&event=${encodeURIComponent(row.name)}`}>
              {whole(row.failed)}
            </Link>,
          ],
        ]}
      />
      <h3>{t("track.observed")}</h3>
      {detail.observed.length === 0 && <p className="faint">{t("track.observedNone")}</p>}
      <ul className="track-observed" data-testid="track-observed">
        {detail.observed.map((one) => (
          <li key={one.name}>
            <code className="break">{one.name}</code>
            <span className="track-tags">
              {Object.entries(one.types).map(([type, count]) => (
                <Tag key={type}>
                  {w(typeWords(type))} {whole(count)}
                </Tag>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Editor({ plan, event, name, onClose, detail }: EventDrawerProps & { event: PlannedEvent; detail?: TrackedDetail }) {
  const { t, w, named } = useLanguage();
  const { may } = useSession();
  const { modal } = App.useApp();
  const [form] = Form.useForm<PlannedEvent>();
  const disabled = !may("develop");
  const save = useWrite<PlannedEvent | null, Plan>(
    (changed) => api.post("/api/tracking/plan/events", { base_version: plan.version, name, event: changed }),
    STALE,
  );
  const promote = (property: string) => {
    const saved = name === null ? undefined : event.properties.find((one) => one.name === property);
    return saved && <PromoteButton plan={plan} event={event.name} property={saved} />;
  };
  const remove = () =>
    void modal.confirm({
      title: t("track.removeAsk", { name: name ?? "" }),
      content: t("track.removeText"),
      okText: t("track.remove"),
      okButtonProps: { danger: true },
      onOk: () => save.mutate(null, { onSuccess: onClose }),
    });
  return (
    <Drawer
      open
      size="large"
      onClose={onClose}
      title={name ?? t("track.new")}
      footer={
        !disabled && (
          <div className="track-foot">
            {name !== null && (
              <Button danger onClick={remove} data-testid="event-remove">
                {t("track.removeEvent")}
              </Button>
            )}
            <span className="grow" />
            <Button type="primary" loading={save.isPending} onClick={() => form.submit()} data-testid="event-save">
              {t("form.save")}
            </Button>
          </div>
        )
      }
    >
      {save.error && (
        <Alert type="error" showIcon title={w(save.error.words)} description={save.error.place} className="gap" data-testid="event-error" />
      )}
      <Form
        form={form}
        layout="vertical"
        initialValues={event}
        disabled={disabled}
        onFinish={(changed) => save.mutate({ ...event, ...changed, properties: cleaned(changed.properties) }, { onSuccess: onClose })}
      >
        <div className="track-property">
          <Form.Item name="name" label={t("track.name")} rules={[{ required: true, message: t("form.required") }]} className="track-wide">
            <Input maxLength={255} autoComplete="off" data-testid="event-name" />
          </Form.Item>
          <Form.Item name={["label", "zh"]} label={t("track.labelZh")}>
            <Input maxLength={1000} data-testid="event-label" />
          </Form.Item>
          <Form.Item name={["label", "en"]} label={t("track.labelEn")}>
            <Input maxLength={1000} />
          </Form.Item>
          <Form.Item name={["about", "zh"]} label={t("track.aboutZh")}>
            <Input.TextArea maxLength={1000} rows={2} />
          </Form.Item>
          <Form.Item name={["about", "en"]} label={t("track.aboutEn")}>
            <Input.TextArea maxLength={1000} rows={2} />
          </Form.Item>
          <Form.Item name="status" label={t("track.status")}>
            <Select options={STATUSES.map((value) => ({ value, label: named("track.status", value) }))} />
          </Form.Item>
          <Form.Item name="owner" label={t("track.owner")}>
            <Input maxLength={120} autoComplete="off" />
          </Form.Item>
          <Form.Item name="platforms" label={t("track.platforms")} extra={t("track.platformsText")} className="track-wide">
            <Select
              mode="multiple"
              options={Object.entries(PLATFORMS).filter(([key]) => key).map(([value, words]) => ({ value, label: w(words) }))}
            />
          </Form.Item>
          <Form.Item name="purposes" label={t("track.purposes")} className="track-wide">
            <Select mode="multiple" options={PURPOSES.map((value) => ({ value, label: named("purpose", value) }))} />
          </Form.Item>
        </div>
        <h3>{t("track.properties")}</h3>
        <PropertyRows name="properties" disabled={disabled} action={promote} />
      </Form>
      {detail && (
        <>
          <h3>{t("track.came")}</h3>
          <Came detail={detail} />
        </>
      )}
    </Drawer>
  );
}
