import { DeleteOutlined, DownloadOutlined, UploadOutlined } from "@ant-design/icons";
import { Alert, App, Button, Input, Modal, Tag, Tooltip, Upload } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Mapping } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Actor, Ago, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { ImportTabs } from "./ImportTabs";

export default function MappingsPage() {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const read = useRead<Mapping[]>("/api/imports/mappings");
  const [file, setFile] = useState<{ name: string; toml: string } | null>(null);
  const drop = useWrite<string, unknown>((name) => api.remove(address(name)), ["/api/imports/mappings"]);
  const ask = (mapping: Mapping) =>
    void modal.confirm({
      title: t("mapping.deleteAsk", { name: mapping.name }),
      content: t("mapping.deleteText"),
      okText: t("mapping.delete"),
      okButtonProps: { danger: true },
      onOk: () => drop.mutateAsync(mapping.name).catch((error) => void message.error(w(error.words))),
    });
  const actions = (mapping: Mapping) => (
    <span className="row-tight">
      <Tooltip title={t("mapping.export")}>
        <Button size="small" type="text" icon={<DownloadOutlined />} href={`${address(mapping.name)}/toml`} aria-label={t("mapping.export")} />
      </Tooltip>
      {!mapping.shipped && may("operate") && (
        <Tooltip title={t("mapping.delete")}>
          <Button size="small" type="text" icon={<DeleteOutlined />} aria-label={t("mapping.delete")} data-testid="mapping-delete" onClick={() => ask(mapping)} />
        </Tooltip>
      )}
    </span>
  );
  const told = (mapping: Mapping) => (mapping.recognise.length > 0 ? mapping.recognise.join("、") : "–");
  const title = (mapping: Mapping) => (
    <>
      <b>{w(mapping.words)}</b> {mapping.shipped ? <Tag>{t("mapping.shipped")}</Tag> : <Tag color="success">{t("mapping.saved")}</Tag>}
      {w(mapping.words) !== mapping.name && (
        <div className="faint">
          <code>{mapping.name}</code>
        </div>
      )}
    </>
  );
  const columns: Columns<Mapping> = [
    { title: t("mapping.name"), key: "name", render: (_, one) => title(one) },
    { title: t("import.kind"), key: "kind", render: (_, one) => t(`import.kind.${one.kind}`) },
    { title: t("mapping.recognise"), key: "recognise", render: (_, one) => <Cut text={told(one)} width={340} /> },
    { title: t("import.actor"), key: "actor", render: (_, one) => (one.actor ? <Actor id={one.actor} name={one.actor_name} /> : "–") },
    { title: t("mapping.changed"), key: "changed", render: (_, one) => <Ago time={one.changed_time} /> },
    { title: "", key: "actions", align: "right", render: (_, one) => actions(one) },
  ];
  return (
    <PageFrame
      testId="page-mappings"
      title={t("nav.imports")}
      about={t("mapping.about")}
      extra={
        may("operate") && (
          <Upload
            accept=".toml"
            showUploadList={false}
            beforeUpload={(given) => {
              void given.text().then((toml) => setFile({ name: given.name.replace(/\.toml$/, ""), toml }));
              return false;
            }}
          >
            <Button icon={<UploadOutlined />} data-testid="mapping-upload">
              {t("mapping.upload")}
            </Button>
          </Upload>
        )
      }
    >
      <ImportTabs here="/imports/mappings" />
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.name}
          label={t("import.tab.mappings")}
          testId="mappings-table"
          empty={<Nothing title={t("mapping.none")}>{t("mapping.noneText")}</Nothing>}
          card={(one) => (
            <>
              <div className="card-top">
                <span>{title(one)}</span>
                {actions(one)}
              </div>
              <div className="faint">
                {t(`import.kind.${one.kind}`)} · {told(one)}
              </div>
            </>
          )}
        />
      </Panel>
      {file && <UploadDialog file={file} onClose={() => setFile(null)} />}
    </PageFrame>
  );
}

function address(name: string): string {
  return `/api/imports/mappings/${encodeURIComponent(name)}`;
}

function UploadDialog({ file, onClose }: { file: { name: string; toml: string }; onClose: () => void }) {
  const { t, w } = useLanguage();
  const [name, setName] = useState(file.name);
  const save = useWrite<string, Mapping>((as) => api.put(address(as), { toml: file.toml }), ["/api/imports/mappings"]);
  return (
    <Modal
      open
      title={t("mapping.upload")}
      okText={t("form.save")}
      okButtonProps={{ disabled: name.trim() === "" }}
      confirmLoading={save.isPending}
      onCancel={onClose}
      onOk={() => save.mutate(name.trim(), { onSuccess: onClose })}
    >
      {save.error && <Alert type="error" showIcon title={w(save.error.words)} description={save.error.place} className="gap" />}
      <p>{t("mapping.uploadName")}</p>
      <Input value={name} maxLength={60} aria-label={t("mapping.uploadName")} onChange={(event) => setName(event.target.value)} />
    </Modal>
  );
}
