import { Drawer } from "antd";
import { useRead } from "@/api/hooks";
import type { TagLineage } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Nothing, Shown } from "@/kit/states";

export const LINEAGE = "/api/tags/lineage";
const ANY = "*";
const WIDE = 152;
const APART = 26;
const TALL = 40;
const STEP = 50;

interface Node {
  id: string;
  name: string;
  more: string;
}

/** A tag and where it comes from, drawn from left to right. */
export function LineageDrawer({ tag, name, onClose }: { tag: string; name: string; onClose: () => void }) {
  const { t } = useLanguage();
  const read = useRead<TagLineage[]>(LINEAGE);
  return (
    <Drawer open onClose={onClose} title={t("tags.lineageOf", { name })} size="large" data-testid="lineage">
      <p className="faint">{t("tags.lineageAbout")}</p>
      <Shown read={read} rows={6}>
        {(all) => {
          const own = all.find((one) => one.key === tag);
          return own ? <Graph lineage={own} name={name} /> : <Nothing title={t("list.noMatch")} />;
        }}
      </Shown>
    </Drawer>
  );
}

function Graph({ lineage, name }: { lineage: TagLineage; name: string }) {
  const { t } = useLanguage();
  const levels: Map<string, Node>[] = [new Map(), new Map(), new Map(), new Map()];
  const ties = new Set<string>();
  const put = (level: number, id: string, label: string, more: string) => levels[level]!.set(id, { id, name: label, more });
  const tie = (level: number, a: string, b: string) => ties.add(`${level}\n${a}\n${b}`);
  put(0, lineage.key, name, lineage.key);
  for (const aggregate of lineage.aggregates) {
    const days = aggregate.days === null ? "" : ` · ${t("tag.window", { n: aggregate.days })}`;
    put(1, aggregate.name, `${aggregate.how}(${aggregate.column})`, `${aggregate.source}${days}`);
    tie(0, lineage.key, aggregate.name);
    for (const column of aggregate.columns) {
      const [table, field] = column.column.split(".");
      put(2, column.column, field ?? "", table ?? "");
      tie(1, aggregate.name, column.column);
      for (const event of column.events) {
        put(3, event, event === ANY ? t("tags.anyEvent") : event, [...new Set([...(levels[3]!.get(event)?.more.split(", ") ?? []), ...column.properties])].filter(Boolean).join(", "));
        tie(2, column.column, event);
      }
    }
  }
  const tallest = Math.max(...levels.map((level) => level.size));
  const height = tallest * STEP + 10;
  const width = 4 * WIDE + 3 * APART + 4;
  const place = (level: number, id: string) => {
    const at = [...levels[level]!.keys()].indexOf(id);
    return { x: 2 + level * (WIDE + APART), y: ((at + 0.5) * height) / levels[level]!.size };
  };
  return (
    <div className="lineage-box" tabIndex={0} role="group" aria-label={t("tags.lineageOf", { name })}>
      <svg width={width} height={height} data-testid="lineage-graph">
        {[...ties].map((one) => {
          const [level, a, b] = one.split("\n") as [string, string, string];
          const from = place(Number(level), a);
          const to = place(Number(level) + 1, b);
          const x = from.x + WIDE;
          return <path key={one} className="lineage-tie" d={`M${x},${from.y} C${x + APART / 2},${from.y} ${to.x - APART / 2},${to.y} ${to.x},${to.y}`} />;
        })}
        {levels.flatMap((level, number) =>
          [...level.values()].map((node) => {
            const { x, y } = place(number, node.id);
            return (
              <foreignObject key={`${number}-${node.id}`} x={x} y={y - TALL / 2} width={WIDE} height={TALL}>
                <div className={`lineage-node lineage-${number}`} title={`${node.name} ${node.more}`}>
                  <b>{node.name}</b>
                  <span>{node.more}</span>
                </div>
              </foreignObject>
            );
          }),
        )}
      </svg>
    </div>
  );
}

/** The events that feed tags, and the keys of the tags that each feeds: the way back. */
export function fedBy(lineage: TagLineage[] | undefined): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const tag of lineage ?? []) {
    for (const event of tag.aggregates.flatMap((one) => one.columns).flatMap((column) => column.events)) {
      found.set(event, (found.get(event) ?? new Set()).add(tag.key));
    }
  }
  const always = found.get(ANY) ?? new Set<string>();
  found.delete(ANY);
  for (const keys of found.values()) always.forEach((key) => keys.add(key));
  return found;
}
