import { DownloadOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { RfmMonth, RfmMoves } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

const NONE = "none";
const MONTHS = 12;

/** How buyers moved between classes in a month: each cell opens its people. The month stands in the page's address. */
export function MovesPanel({ month, onMonth }: { month: string; onMonth: (month: string) => void }) {
  const { t } = useLanguage();
  const read = useRead<RfmMoves>("/api/rfm/moves", { months: MONTHS });
  const last = read.data?.months.filter((one) => one.complete).at(-1)?.month ?? "";
  const wanted = month || last;
  return (
    <Panel
      title={t("rfm.moves")}
      testId="rfm-moves"
      extra={
        <span className="row-tight wrap">
          <Select
            className="month-choice"
            value={wanted || undefined}
            onChange={onMonth}
            aria-label={t("rfm.month")}
            data-testid="rfm-month"
            options={[...(read.data?.months ?? [])].reverse().map((one) => ({
              value: one.month,
              label: one.complete ? one.month : `${one.month}（${t("rfm.running")}）`,
            }))}
          />
          <Button icon={<DownloadOutlined />} href={`/api/rfm/moves.csv?months=${MONTHS}`} aria-label={t("list.export")} />
        </span>
      }
    >
      <p className="faint">{t("rfm.movesAbout")}</p>
      <Shown read={read} rows={7}>
        {(moves) => {
          const shown = moves.months.find((one) => one.month === wanted);
          return shown && shown.cells.length > 0 ? <Cells moves={moves} shown={shown} /> : <Nothing title={t("rfm.noMoves")} />;
        }}
      </Shown>
    </Panel>
  );
}

function Cells({ moves, shown }: { moves: RfmMoves; shown: RfmMonth }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const count = new Map(shown.cells.map((cell) => [`${cell.from} ${cell.to}`, cell.count]));
  const most = Math.max(1, ...count.values());
  const targets = moves.classes.filter((one) => one.key !== NONE);
  const sum = (which: (cell: RfmMonth["cells"][number]) => boolean) =>
    shown.cells.filter(which).reduce((total, cell) => total + cell.count, 0);
  return (
    <div className="table-box wide-box">
      <table className="plain moves">
        <thead>
          <tr>
            <th>{t("rfm.fromTo")}</th>
            {targets.map((one) => (
              <th key={one.key} className="number">
                {w(one.words)}
              </th>
            ))}
            <th className="number">{t("rfm.sum")}</th>
          </tr>
        </thead>
        <tbody>
          {moves.classes.map((from) => (
            <tr key={from.key}>
              <th scope="row">{w(from.words)}</th>
              {targets.map((to) => {
                const n = count.get(`${from.key} ${to.key}`) ?? 0;
                const strength = n === 0 ? 0 : 8 + 52 * Math.sqrt(n / most);
                return n === 0 ? (
                  <td key={to.key} className="number faint">
                    –
                  </td>
                ) : (
                  <td
                    key={to.key}
                    className={from.key === to.key ? "move-cell move-stays" : "move-cell"}
                    style={{ "--strength": `${Math.round(strength)}%` } as React.CSSProperties}
                  >
                    <Link to={peopleHref({ kind: "rfm_move", month: shown.month, from: from.key, to: to.key })} data-testid={`move-${from.key}-${to.key}`}>
                      {f.short(n)}
                    </Link>
                  </td>
                );
              })}
              <td className="number">{f.short(sum((cell) => cell.from === from.key))}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t("rfm.sum")}</th>
            {targets.map((to) => (
              <td key={to.key} className="number">
                {f.short(sum((cell) => cell.to === to.key))}
              </td>
            ))}
            <td className="number">{f.short(sum(() => true))}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
