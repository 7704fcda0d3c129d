import { Alert, Button, Form, Input, Switch } from "antd";
import { useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { SegmentMade, SegmentOne } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { useFormat } from "@/kit/useFormat";
import { useKnown } from "./LeafEditor";
import { PreviewPanel } from "./PreviewPanel";
import { asGroup, completed, unfinished, type Rule } from "./rule";
import { RuleEditor } from "./RuleEditor";

interface About {
  name: string;
  note?: string;
  frozen?: boolean;
}

/** The rule of a segment, edited beside its size. A new one stands in the page's address while it is made. */
export function Builder({ segment, first }: { segment?: SegmentOne; first: Rule }) {
  const { t, w } = useLanguage();
  const { whole, percent } = useFormat();
  const { may } = useSession();
  const navigate = useNavigate();
  const known = useKnown();
  const [search, setSearch] = useSearchParams();
  const [rule, setRule] = useState<Rule>(() => asGroup(first));
  const ready = completed(rule);
  const open = unfinished(rule);
  const text = JSON.stringify(rule);
  useEffect(() => {
    if (!segment && search.get("rule") !== text) setSearch({ rule: text }, { replace: true });
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text]);
  const save = useWrite<About, SegmentMade>(
    (about) =>
      segment
        ? api.put(`/api/segments/${segment.segment_id}`, { note: "", ...about, rule: ready, version: segment.version })
        : api.post("/api/segments", { note: "", ...about, rule: ready }),
    ["/api/segments", "/api/segments/"],
  );
  const others = known.segments.filter((one) => one.segment_id !== segment?.segment_id);
  const mayEdit = may("operate") && !segment?.archived_time;
  return (
    <div className="columns columns-wide-left">
      <div className="builder">
        <Panel title={t("segment.conditions")}>
          <fieldset disabled={!mayEdit} className="plain">
            <RuleEditor rule={rule} onChange={setRule} known={{ ...known, segments: others }} place="rule" />
          </fieldset>
          {segment?.lists.map((list) => (
            <p key={list.list_id} className="faint">
              {t("segment.listRate", { people: whole(list.people), lines: whole(list.lines), rate: percent(list.rate) })}
            </p>
          ))}
        </Panel>
        {mayEdit && (
          <Panel title={t("segment.saveTitle")} className="builder-save">
            <Form<About>
              layout="vertical"
              initialValues={{ name: segment?.name ?? "", note: segment?.note ?? "", frozen: segment?.frozen ?? false }}
              onFinish={(about) =>
                save.mutate(about, { onSuccess: (made) => void navigate(`/segments/${made.segment_id}`, { replace: !segment }) })
              }
            >
              {save.error && (
                <Alert
                  type="error"
                  showIcon
                  className="gap"
                  title={w(save.error.words)}
                  description={<code>{save.error.place}</code>}
                  data-testid="segment-error"
                />
              )}
              <Form.Item name="name" label={t("segment.name")} rules={[{ required: true, whitespace: true, max: 100 }]}>
                <Input data-testid="segment-name" maxLength={100} />
              </Form.Item>
              <Form.Item name="note" label={t("segment.note")}>
                <Input.TextArea rows={2} maxLength={500} />
              </Form.Item>
              <Form.Item name="frozen" valuePropName="checked" label={t("segment.freeze")} extra={t("segment.freezeText")}>
                <Switch />
              </Form.Item>
              <Button type="primary" htmlType="submit" loading={save.isPending} disabled={ready === null || open > 0} data-testid="segment-save">
                {t("form.save")}
              </Button>
            </Form>
          </Panel>
        )}
      </div>
      <PreviewPanel rule={ready} unfinished={open} segments={others} />
    </div>
  );
}
