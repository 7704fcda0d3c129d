import { Alert, AutoComplete, Form, Input, Segmented } from "antd";
import { useEffect, useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Acquisition, ChannelLink, NameAnswer, Naming, NewLink } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { FIGURES } from "./OverviewTab";
import { LINKS } from "./LinksTab";

const PAUSE_MS = 350;

/** Makes one link. A name that breaks the rule is explained while it is typed. */
export function LinkForm({ onClose, onMade }: { onClose: () => void; onMade: (link: ChannelLink) => void }) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<NewLink>();
  const naming = useRead<Naming>("/api/acquisition/naming");
  const figures = useRead<Acquisition>(FIGURES, { from: "", to: "" });
  const save = useWrite<NewLink, ChannelLink>((given) => api.post(LINKS, given), [LINKS]);
  const given = Form.useWatch([], form) as NewLink | undefined;
  const kind = given?.target_kind ?? "url";
  const [answer, setAnswer] = useState<NameAnswer | null>(null);
  const { name = "", channel = "", campaign = "", content = "", creator = "" } = given ?? {};
  useEffect(() => {
    if (!name) {
      setAnswer(null);
      return undefined;
    }
    let over = false;
    const timer = setTimeout(() => {
      const fields = { channel, campaign, content, creator };
      api
        .post<NameAnswer>("/api/acquisition/naming/check", { name, fields })
        .then((found) => !over && setAnswer(found))
        .catch(() => !over && setAnswer(null)); // the server checks again when the link is made
    }, PAUSE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [name, channel, campaign, content, creator]);
  const needed = [{ required: true, whitespace: true, message: t("form.required") }];
  const known = (figures.data?.channels ?? []).flatMap((one) => (one.key ? [{ value: one.key, label: one.words ? `${w(one.words)} ${one.key}` : one.key }] : []));
  return (
    <FormDialog
      form={form}
      name="link"
      title={t("link.add")}
      initialValues={{ target_kind: "url", name: "", target: "", channel: "" }}
      saving={save}
      onFinish={(wanted) => save.mutate(wanted, { onSuccess: onMade })}
      onClose={onClose}
      width={640}
    >
      <Form.Item name="target_kind" label={t("link.kind")}>
        <Segmented
          block
          options={[
            { value: "url", label: t("link.kind.url") },
            { value: "mini_program", label: t("link.kind.mini_program") },
          ]}
        />
      </Form.Item>
      <Form.Item name="target" label={t("link.target")} rules={needed} extra={t(`link.target.${kind}`)}>
        <Input data-testid="link-target" maxLength={2000} placeholder={kind === "url" ? "https://" : "pages/index/index"} />
      </Form.Item>
      <div className="columns-2">
        <Form.Item name="channel" label={t("acq.channel")} rules={needed} extra={t("link.channelText")}>
          <AutoComplete options={known} filterOption={(typed, option) => String(option?.value ?? "").includes(typed)}>
            <Input data-testid="link-channel" maxLength={64} />
          </AutoComplete>
        </Form.Item>
        <Form.Item name="campaign" label={t("link.campaign")}>
          <Input data-testid="link-campaign" maxLength={200} />
        </Form.Item>
        <Form.Item name="content" label={t("link.content")}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="creator" label={t("link.creator")}>
          <Input maxLength={200} />
        </Form.Item>
      </div>
      <Form.Item
        name="name"
        label={t("link.name")}
        rules={needed}
        extra={naming.data?.rule.template ? t("link.nameRule", { rule: naming.data.rule.template }) : t("link.nameFree")}
      >
        <Input data-testid="link-name" maxLength={200} />
      </Form.Item>
      {answer && !answer.fits && (
        <Alert
          type="warning"
          className="gap"
          showIcon
          data-testid="name-problems"
          title={t("link.nameBroken")}
          description={
            <ul>
              {answer.problems.map((problem) => (
                <li key={`${problem.place}:${problem.words.en}`}>{w(problem.words)}</li>
              ))}
            </ul>
          }
        />
      )}
      <div className="columns-2">
        <Form.Item name="code" label={t("acq.code")} extra={t("link.codeText")}>
          <Input data-testid="link-code" maxLength={64} />
        </Form.Item>
        <Form.Item name="note" label={t("link.note")}>
          <Input maxLength={500} />
        </Form.Item>
      </div>
    </FormDialog>
  );
}
