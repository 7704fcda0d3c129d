import { Alert, App, Button, Input, Tag } from "antd";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { NameAnswer, Naming } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Shown } from "@/kit/states";

const NAMING = "/api/acquisition/naming";
type Rule = Naming["rule"];

/** Texts of choices: values of one part, by comma. */
const textOf = (rule: Rule) => Object.fromEntries(Object.entries(rule.choices).map(([part, values]) => [part, values.join(", ")]));
const listOf = (texts: Record<string, string>, template: string) =>
  Object.fromEntries(
    Object.entries(texts)
      .filter(([part]) => template.includes(`{${part}}`))
      .map(([part, text]) => [part, text.split(/[,，\n]/).map((one) => one.trim()).filter(Boolean)])
      .filter(([, values]) => (values as string[]).length > 0),
  ) as Record<string, string[]>;

export function NamingTab() {
  const read = useRead<Naming>(NAMING);
  return <Shown read={read}>{(naming) => <Editor key={naming.rule.version} naming={naming} />}</Shown>;
}

function Editor({ naming }: { naming: Naming }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const [template, setTemplate] = useState(naming.rule.template);
  const [choices, setChoices] = useState(() => textOf(naming.rule));
  const [name, setName] = useState("");
  const rule = { template, choices: listOf(choices, template) };
  const save = useWrite<void, Rule>(() => api.put(NAMING, rule), [NAMING]);
  const attempt = useWrite<void, NameAnswer>(() => api.post(`${NAMING}/check`, { name, rule }));
  const complain = { onError: (error: ApiError) => void message.error(w(error.words)) };
  const used = naming.parts.filter((part) => template.includes(`{${part.key}}`));
  const may_ = may("operate");
  return (
    <>
      <Panel title={t("naming.rule")}>
        <p className="faint gap">{t("naming.about", { example: "{channel}_{campaign}_{date}" })}</p>
        <Input
          value={template}
          disabled={!may_}
          maxLength={400}
          onChange={(event) => setTemplate(event.target.value)}
          placeholder="{channel}_{campaign}_{date}"
          aria-label={t("naming.rule")}
          data-testid="naming-template"
        />
        <div className="tools naming-parts">
          {naming.parts.map((part) => (
            <Button
              key={part.key}
              size="small"
              disabled={!may_ || template.includes(`{${part.key}}`)}
              onClick={() => setTemplate(`${template}${template && !/[_-]$/.test(template) ? "_" : ""}{${part.key}}`)}
            >
              {w(part.words)}
            </Button>
          ))}
        </div>
        {used.map((part) => (
          <label key={part.key} className="naming-choice">
            <span>{w(part.words)}</span>
            <Input
              value={choices[part.key] ?? ""}
              disabled={!may_}
              placeholder={t("naming.any")}
              onChange={(event) => setChoices({ ...choices, [part.key]: event.target.value })}
            />
          </label>
        ))}
        {may_ && (
          <div className="tools gap">
            <Button
              type="primary"
              loading={save.isPending}
              data-testid="naming-save"
              onClick={() => save.mutate(undefined, { ...complain, onSuccess: () => void message.success(t("naming.saved")) })}
            >
              {t("form.save")}
            </Button>
            <span className="faint">{t("naming.saveText")}</span>
          </div>
        )}
      </Panel>
      {may_ && (
        <Panel title={t("naming.try")}>
          <div className="tools">
            <Input
              className="naming-try"
              value={name}
              maxLength={200}
              aria-label={t("link.name")}
              onChange={(event) => setName(event.target.value)}
              onPressEnter={() => attempt.mutate(undefined, complain)}
              data-testid="naming-name"
            />
            <Button loading={attempt.isPending} disabled={!name} onClick={() => attempt.mutate(undefined, complain)} data-testid="naming-check">
              {t("naming.check")}
            </Button>
          </div>
          {attempt.data && (
            <Alert
              className="gap"
              showIcon
              type={attempt.data.fits ? "success" : "warning"}
              data-testid="naming-answer"
              title={t(attempt.data.fits ? "naming.fits" : "link.nameBroken")}
              description={
                attempt.data.fits ? (
                  Object.entries(attempt.data.parts).map(([part, value]) => (
                    <Tag key={part}>
                      {w(naming.parts.find((one) => one.key === part)?.words ?? { zh: part, en: part })}: {value}
                    </Tag>
                  ))
                ) : (
                  <ul>
                    {attempt.data.problems.map((problem) => (
                      <li key={problem.words.en}>{w(problem.words)}</li>
                    ))}
                  </ul>
                )
              }
            />
          )}
        </Panel>
      )}
      {naming.before.length > 0 && (
        <Panel title={t("naming.before")}>
          <ul className="plain">
            {naming.before.map((rule) => (
              <li key={rule.version}>
                <code>{rule.template || t("naming.none")}</code> <span className="faint"><Ago time={rule.made_time} /></span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}
