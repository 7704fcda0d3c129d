import { Drawer, Segmented, Tag } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { ConsentNotice, ConsentSubject, DiffLine } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { At } from "@/kit/small";
import { Shown } from "@/kit/states";
import { Who } from "@/trust/accounts/Who";
import { Preview } from "./TextEditor";
import { before } from "./texts";
import { TEXTS } from "./useSubjects";

/** Every version of a text: as it reads, and what changed. */
export function TextHistory({ subject, onClose }: { subject: ConsentSubject; onClose: () => void }) {
  const { t, w } = useLanguage();
  return (
    <Drawer open onClose={onClose} size="large" title={`${w(subject.words)} · ${t("centre.versions", { n: subject.versions.length })}`}>
      <div className="stack" data-testid="text-versions">
        {subject.versions.map((version) => (
          <Version key={version.version} version={version} former={before(subject, version.version)} />
        ))}
      </div>
    </Drawer>
  );
}

function Version({ version, former }: { version: ConsentNotice; former: ConsentNotice | undefined }) {
  const { t } = useLanguage();
  const [changes, setChanges] = useState(false);
  const draft = version.state === "draft";
  return (
    <Panel
      title={
        <span className="row-tight wrap">
          {t("centre.version", { n: version.version })}
          <Tag color={draft ? "processing" : "success"}>{t(draft ? "centre.draft" : "centre.published")}</Tag>
          {version.material && <Tag color="warning">{t("centre.material")}</Tag>}
        </span>
      }
      extra={
        former && (
          <Segmented
            size="small"
            value={changes}
            onChange={setChanges}
            options={[
              { value: false, label: t("centre.whole") },
              { value: true, label: t("centre.changes", { n: former.version }) },
            ]}
          />
        )
      }
    >
      <p className="faint small gap">
        <At time={version.published_time ?? version.created_time} /> ·{" "}
        <Who id={version.published_by ?? version.created_by} />
      </p>
      {changes && former ? (
        <Difference subject={version.subject} version={version.version} against={former.version} />
      ) : (
        <Preview
          draft={{
            title_zh: version.title.zh, title_en: version.title.en, body_zh: version.body.zh, body_en: version.body.en,
            material: version.material,
          }}
        />
      )}
    </Panel>
  );
}

const MARKS: Record<string, string> = { gone: "−", new: "+" };

/** What differs between two versions, line by line. */
export function Difference({ subject, version, against }: { subject: string; version: number; against: number }) {
  const { t } = useLanguage();
  const read = useRead<DiffLine[]>(`${TEXTS}/${subject}/${version}/diff`, { against });
  return (
    <Shown read={read} rows={3}>
      {(lines) =>
        lines.every((line) => !MARKS[line.kind]) ? (
          <p className="faint">{t("centre.noChanges")}</p>
        ) : (
          <ol className="diff" data-testid="text-diff">
            {lines.map((line, place) => (
              <li key={place} data-kind={line.kind}>
                <span aria-hidden>{MARKS[line.kind] ?? ""}</span>
                <span className="break">{line.text}</span>
              </li>
            ))}
          </ol>
        )
      }
    </Shown>
  );
}
