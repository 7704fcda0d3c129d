import { InsertRowRightOutlined } from "@ant-design/icons";
import { Button, Tag } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { Plan, PlannedProperty, PromotedColumns } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { COLUMNS } from "./columns";
import { PromoteForm } from "./PromoteForm";

/** Beside a saved property: the columns that it is, and the way to make it one. */
export function PromoteButton({ plan, event, property }: { plan: Plan; event: string; property: PlannedProperty }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const [asking, setAsking] = useState(false);
  const read = useRead<PromotedColumns>(COLUMNS);
  const there = (read.data?.items ?? []).filter((one) => one.property === property.name && (one.event === event || one.event === ""));
  const done = there.some((one) => one.event === event);
  return (
    <>
      {there.map((one) => (
        <Tag key={one.column_id} color="processing" className="track-code">
          {t("column.isColumn", { name: one.name })}
        </Tag>
      ))}
      {may("develop") && !done && (
        <Button size="small" type="text" icon={<InsertRowRightOutlined />} onClick={() => setAsking(true)} data-testid={`promote-${property.name}`}>
          {t("column.promote")}
        </Button>
      )}
      {asking && <PromoteForm plan={plan} event={event} property={property} onClose={() => setAsking(false)} />}
    </>
  );
}
