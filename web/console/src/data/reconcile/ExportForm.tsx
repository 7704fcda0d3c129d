import { UploadOutlined } from "@ant-design/icons";
import { Alert, Button, Progress, Select } from "antd";
import { useRef, useState } from "react";
import { api, ApiError, upload } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Mapping, Reconciliation, Source } from "@/api/types";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { useFormat } from "@/kit/useFormat";
import { ZoneField } from "./ZoneField";

/** The shop's export, or a source that holds it, as the reference. */
export function ExportForm({ onDone }: { onDone: (made: Reconciliation) => void }) {
  const { t, w } = useLanguage();
  const workspace = useFormat().zone;
  const mappings = useRead<Mapping[]>("/api/imports/mappings");
  const sources = useRead<Source[]>("/api/sources");
  const [mapping, setMapping] = useState("");
  const [zone, setZone] = useState(workspace);
  const [source, setSource] = useState<string>();
  const [share, setShare] = useState(0);
  const chooser = useRef<HTMLInputElement>(null);
  const stale = ["/api/reconciliations"];
  const file = useWrite<File, Reconciliation>(
    (one) => upload("/api/reconciliations/export", { filename: one.name, mapping, zone }, one, setShare),
    stale,
  );
  const reference = useWrite<string, Reconciliation>(
    (source_id) => api.post("/api/reconciliations/source", { source_id, zone }),
    stale,
  );
  const error: ApiError | null = file.error ?? reference.error;
  const shipped = itemsOf(mappings.data).filter((one) => one.kind === "orders" && one.name !== "orders");
  return (
    <>
      {error && <Alert type="error" showIcon className="gap" title={w(error.words)} description={error.place} />}
      <div className="tools gap">
        <Button
          type="primary"
          icon={<UploadOutlined />}
          loading={file.isPending}
          onClick={() => chooser.current?.click()}
        >
          {t("reconcile.file")}
        </Button>
        <input
          ref={chooser}
          type="file"
          hidden
          aria-label={t("reconcile.file")}
          data-testid="reconcile-file"
          onChange={(chosen) => {
            const one = chosen.target.files?.[0];
            if (one) file.mutate(one, { onSuccess: onDone });
            chosen.target.value = "";
          }}
        />
        <Select
          value={mapping}
          onChange={setMapping}
          aria-label={t("reconcile.mapping")}
          popupMatchSelectWidth={false}
          options={[
            { value: "", label: t("reconcile.mappingAuto") },
            ...shipped.map((one) => ({ value: one.name, label: w(one.words) })),
          ]}
        />
        <ZoneField value={zone} onChange={setZone} label={t("reconcile.zone")} />
      </div>
      {file.isPending && <Progress percent={Math.round(share * 100)} />}
      <div className="tools">
        <Select
          value={source}
          onChange={setSource}
          placeholder={t("reconcile.source")}
          aria-label={t("reconcile.source")}
          style={{ width: "min(420px, 100%)" }}
          options={itemsOf(sources.data).map((one) => ({ value: one.source_id, label: one.name }))}
        />
        <Button
          disabled={!source}
          loading={reference.isPending}
          onClick={() => source && reference.mutate(source, { onSuccess: onDone })}
        >
          {t("reconcile.compare")}
        </Button>
      </div>
    </>
  );
}
