import { Button } from "antd";
import { CloseOutlined } from "@ant-design/icons";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { CascadeNode, CascadeTree } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { useLook } from "@/kit/look";
import { Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { useNarrow } from "@/kit/useNarrow";
import { leavesOf, nameOf, treeOf, type TreeData } from "./charts";
import { CASCADES, CascadeTiles, PersonLink } from "./parts";

interface TreeProps {
  from: string;
  to: string;
  item: string;
  creator: string;
  onClose: () => void;
}

/** The tree of one item or creator with its figures, and links to the people behind each node. */
export function TreePanel({ from, to, item, creator, onClose }: TreeProps) {
  const { t } = useLanguage();
  const f = useFormat();
  const read = useRead<CascadeTree>(`${CASCADES}/tree`, { from, to, ...(item ? { item } : { creator }) }, { keep: true });
  const title = item.startsWith("invite") ? t("cas.shop") : read.data?.title || creator || item;
  return (
    <Panel
      testId="cascade-tree"
      title={t("cas.treeOf", { title })}
      extra={
        <span className="nowrap">
          {read.data && <span className="faint">{t("cas.drawn", { n: f.whole(read.data.drawn), all: f.whole(read.data.figures.people) })}</span>}{" "}
          <Button size="small" type="text" icon={<CloseOutlined />} onClick={onClose} aria-label={t("shortcuts.close")} data-testid="tree-close" />
        </span>
      }
    >
      <Shown read={read} rows={8}>
        {(data) => <Tree data={data} item={item} />}
      </Shown>
    </Panel>
  );
}

function Tree({ data, item }: { data: CascadeTree; item: string }) {
  const { t } = useLanguage();
  const f = useFormat();
  const narrow = useNarrow();
  const { palette } = useLook();
  const [picked, setPicked] = useState<CascadeNode>(data.tree);
  const option = useMemo(() => treeOf(data.tree, palette, t, f, narrow), [data, palette, t, f, narrow]);
  const height = Math.max(220, Math.min(900, leavesOf(data.tree) * 18 + 30));
  const about = item ? { item } : { creator: data.creator_no };
  const query = { kind: "spread", from: data.from_day, to: data.to_day, ...about };
  return (
    <>
      <CascadeTiles figures={data.figures} />
      <Chart
        option={option}
        height={height}
        label={t("cas.treeOf", { title: data.title })}
        testId="chart-tree"
        onPick={(_at, _series, _kind, one) => {
          const found = (one as TreeData | undefined)?.node;
          if (found) setPicked(found);
        }}
      />
      <div className="tools gap" data-testid="tree-people">
        <b>{nameOf(picked, t, f)}</b>
        {picked.depth < 0 || picked.others > 0 ? (
          <span className="faint">{t("cas.pick")}</span>
        ) : (
          <>
            <PersonLink userId={picked.name} />
            <Link to={peopleHref({ ...query, under: picked.person_no })}>{t("cas.belowN", { n: f.whole(picked.below) })}</Link>
            <Link to={peopleHref({ ...query, depth: picked.depth })}>{t("cas.sameLevel")}</Link>
          </>
        )}
        <span className="grow" />
        <Link to={peopleHref(query)} data-testid="tree-everybody">{t("cas.everyone")}</Link>
        <Link to={peopleHref({ ...query, ordered: true })}>{t("cas.ordered")}</Link>
      </div>
    </>
  );
}
