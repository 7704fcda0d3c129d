import { CheckCircleFilled, CloseCircleFilled } from "@ant-design/icons";
import { Alert, Button, Drawer, Form, Input, Segmented, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { Trial, Tried } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Json } from "@/kit/Json";
import { Facts } from "@/kit/small";
import { Nothing } from "@/kit/states";

const PROTOCOLS = ["segment", "sensors", "posthog"] as const;
type Protocol = (typeof PROTOCOLS)[number];
/** Names that are the same in every language; 神策 has one in each. */
const NAMES: Partial<Record<Protocol, string>> = { segment: "Segment", posthog: "PostHog" };
const EXAMPLES: Record<Protocol, object> = {
  segment: { type: "track", event: "Order Completed", userId: "u1", properties: { order_id: "o1001", total: 128.5, currency: "CNY" } },
  sensors: { type: "track", event: "ViewProduct", distinct_id: "u1", time: 1790000000000, properties: { $is_login_id: true, product_id: "p1" } },
  posthog: { event: "$pageview", distinct_id: "u1", properties: { $current_url: "https://shop.example/" } },
};
const example = (protocol: Protocol) => JSON.stringify(EXAMPLES[protocol], null, 2);

/** Paste what an SDK sends and see what would become of it; nothing is stored. */
export function TrialDrawer({ onClose }: { onClose: () => void }) {
  const { t, w } = useLanguage();
  const [protocol, setProtocol] = useState<Protocol>("segment");
  const [text, setText] = useState(() => example("segment"));
  const run = useWrite<{ protocol: Protocol; text: string }, Trial>((given) =>
    api.post(`/api/collect/validate?protocol=${given.protocol}`, { text: given.text }),
  );
  const choose = (to: Protocol) => {
    if (text === example(protocol)) setText(example(to));
    setProtocol(to);
    run.reset();
  };
  const items = run.data?.items ?? [];
  const good = items.filter((one) => one.ok).length;
  return (
    <Drawer open onClose={onClose} title={t("trial.title")} size="large">
      <p className="faint gap">{t("trial.about")}</p>
      <Form layout="vertical" onFinish={() => run.mutate({ protocol, text })}>
        <Form.Item label={t("trial.protocol")}>
          <Segmented<Protocol>
            value={protocol}
            onChange={choose}
            options={PROTOCOLS.map((one) => ({ value: one, label: NAMES[one] ?? t("trial.protocol.sensors") }))}
          />
        </Form.Item>
        <Form.Item label={t("trial.json")} htmlFor="trial-json">
          <Input.TextArea
            id="trial-json"
            data-testid="trial-json"
            className="mono"
            value={text}
            onChange={(event) => setText(event.target.value)}
            rows={10}
            spellCheck={false}
          />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={run.isPending} disabled={!text.trim()} data-testid="trial-run">
          {t("trial.run")}
        </Button>
      </Form>
      {run.error && <Alert type="error" showIcon className="gap-top" title={w(run.error.words)} description={<code>{run.error.code}</code>} />}
      {run.data && (
        <p data-testid="trial-summary" className="gap-top row-tight">
          <Tag color="success">{t("trial.good", { n: good })}</Tag>
          {items.length > good && <Tag color="error">{t("trial.bad", { n: items.length - good })}</Tag>}
        </p>
      )}
      {!run.data && !run.error && <Nothing title={t("trial.empty")}>{t("trial.emptyText")}</Nothing>}
      {items.map((one, place) => (
        <TriedEvent key={place} one={one} place={place} />
      ))}
    </Drawer>
  );
}

function TriedEvent({ one, place }: { one: Tried; place: number }) {
  const { t, w } = useLanguage();
  const named = (one.identifiers ?? []).map((found) => `${found.kind}: ${found.value}`);
  return (
    <section className="tried" data-testid={`tried-${place}`} data-ok={one.ok}>
      <h3>
        {one.ok ? <CheckCircleFilled className="good" aria-label={t("trial.ok")} /> : <CloseCircleFilled className="bad" aria-label={t("trial.notOk")} />}{" "}
        {one.ok ? one.event : w(one.message ?? "")}
      </h3>
      {one.ok ? (
        <>
          <Facts
            items={[
              [t("trial.identifiers"), named.length ? named.join("，") : t("trial.nobody")],
              ["event_id", <code key="id">{one.event_id}</code>],
              ...((one.personal ?? []).length
                ? [[t("trial.personal"), (one.personal ?? []).join(", ")] as [string, string]]
                : []),
            ]}
          />
          <Json value={one.rows} />
        </>
      ) : (
        <Facts items={[[t("dead.code"), <code key="code">{one.code}</code>], [t("trial.place"), <code key="place">{one.place || "–"}</code>]]} />
      )}
    </section>
  );
}
