/** The three states of anything that is read: waiting, failed, nothing there. */
import { InboxOutlined, ReloadOutlined, WarningOutlined } from "@ant-design/icons";
import { Button, Skeleton } from "antd";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { useLanguage } from "@/i18n";

export function Waiting({ full = false, rows = 6 }: { full?: boolean; rows?: number }) {
  return (
    <div className={full ? "state state-full" : "state-waiting"} aria-busy="true" data-testid="waiting">
      <Skeleton active title={false} paragraph={{ rows }} />
    </div>
  );
}

export function Failure({ error, retry, full = false }: { error: Error; retry?: () => void; full?: boolean }) {
  const { t, w } = useLanguage();
  const known = error instanceof ApiError ? error : null;
  return (
    <div className={full ? "state state-full" : "state"} role="alert" data-testid="failure">
      <WarningOutlined className="state-icon bad" />
      <div className="state-title">{known ? w(known.words) : error.message}</div>
      <div className="faint">
        {t("state.code")} <code>{known?.code ?? "unknown"}</code>
        {known?.place ? <> · {known.place}</> : null}
      </div>
      {retry && (
        <Button icon={<ReloadOutlined />} onClick={retry} data-testid="retry">
          {t("state.retry")}
        </Button>
      )}
    </div>
  );
}

interface NothingProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** An empty list says why it may be empty and what to do next. */
export function Nothing({ title, children, action }: NothingProps) {
  return (
    <div className="state" data-testid="empty">
      <InboxOutlined className="state-icon" />
      <div className="state-title">{title}</div>
      {children && <div className="faint state-text">{children}</div>}
      {action}
    </div>
  );
}

interface ReadLike<Answer> {
  data: Answer | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/** Shows `children(data)` once there is data; until then a skeleton or the failure. */
export function Shown<Answer>({
  read,
  children,
  rows,
}: {
  read: ReadLike<Answer>;
  children: (data: Answer) => ReactNode;
  rows?: number;
}) {
  if (read.data !== undefined) return <>{children(read.data)}</>;
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  return <Waiting rows={rows} />;
}
