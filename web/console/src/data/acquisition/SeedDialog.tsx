import { Alert, Form, Input, Segmented, Select } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Acquisition, SeedCount } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { useFormat } from "@/kit/useFormat";
import { csrfPost } from "./download";

interface Wanted {
  who: string;
  algorithm: "sha256" | "md5";
  reason: string;
}
interface SegmentCard {
  segment_id: string;
  name: string;
}

const SEEDS = "/api/acquisition/seeds";

/** Hashed phones of people who granted marketing and, separately, sharing: counted first, downloaded then. */
export function SeedDialog({ data, onClose }: { data: Acquisition; onClose: () => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const [form] = Form.useForm<Wanted>();
  const [counted, setCounted] = useState<SeedCount | null>(null);
  const segments = useRead<SegmentCard[] | { items: SegmentCard[] }>("/api/segments");
  const listed = Array.isArray(segments.data) ? segments.data : (segments.data?.items ?? []);
  const range = { kind: "newcomers", from: data.from_day, to: data.to_day };
  const query = (who: string): Record<string, unknown> =>
    who.startsWith("segment:") ? { kind: "segment", segment_id: who.slice(8) } : who === "all" ? range : { ...range, channel: who.slice(8) };
  const run = useWrite<Wanted, SeedCount>(async ({ who, algorithm, reason }) => {
    const ask = { people: query(who), algorithm, reason };
    if (counted === null) return api.post<SeedCount>(`${SEEDS}/count`, ask);
    await csrfPost(SEEDS, ask, `seeds-${algorithm}.csv`);
    return counted;
  });
  const done = (answer: SeedCount) => (counted === null ? setCounted(answer) : onClose());
  return (
    <FormDialog
      form={form}
      name="seeds"
      title={t("seed.title")}
      does={t(counted === null ? "seed.count" : "seed.download")}
      initialValues={{ who: "all", algorithm: "sha256" }}
      saving={run}
      onFinish={(wanted) => run.mutate(wanted, { onSuccess: done })}
      onClose={onClose}
    >
      <p className="faint">{t("seed.about")}</p>
      <Form.Item name="who" label={t("seed.who")}>
        <Select
          onChange={() => setCounted(null)}
          options={[
            { value: "all", label: t("seed.all", { from: data.from_day, to: data.to_day }) },
            ...data.channels.flatMap((one) =>
              one.key ? [{ value: `channel:${one.key}`, label: t("seed.channel", { name: one.words ? w(one.words) : one.key }) }] : [],
            ),
            ...listed.map((one) => ({ value: `segment:${one.segment_id}`, label: t("seed.segment", { name: one.name }) })),
          ]}
        />
      </Form.Item>
      <Form.Item name="algorithm" label={t("seed.algorithm")} extra={t("seed.algorithmText")}>
        <Segmented
          block
          onChange={() => setCounted(null)}
          options={[
            { value: "sha256", label: "SHA-256" },
            { value: "md5", label: "MD5" },
          ]}
        />
      </Form.Item>
      <Form.Item name="reason" label={t("seed.reason")} rules={[{ required: true, whitespace: true, min: 4, message: t("form.required") }]}>
        <Input maxLength={200} data-testid="seed-reason" />
      </Form.Item>
      {counted && (
        <Alert
          type={counted.seeds > 0 ? "success" : "warning"}
          showIcon
          data-testid="seed-count"
          title={t("seed.found", { n: f.whole(counted.seeds), people: f.whole(counted.people) })}
          description={
            <ul>
              {counted.left_out.map((reason) => (
                <li key={reason.code}>
                  {w(reason.words)} <b>{f.whole(reason.count)}</b>
                </li>
              ))}
            </ul>
          }
        />
      )}
    </FormDialog>
  );
}
