import { App, Button, Segmented, Tag } from "antd";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { TrackingAlert, TrackingAlerts } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Hint, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { typeWords } from "./names";
import { STALE } from "./PlanTab";

const FILTERS = { state: "" };
const STATES = ["", "open", "acknowledged", "muted", "resolved"] as const;
const COLOURS: Record<string, string> = { open: "error", acknowledged: "processing", muted: "default", resolved: "success" };
const MOVES: Record<string, string[]> = {
  open: ["acknowledged", "muted", "resolved"],
  acknowledged: ["open", "muted", "resolved"],
  muted: ["open", "resolved"],
  resolved: [],
};

export function AlertsTab() {
  const { t, named } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<TrackingAlerts>("/api/tracking/alerts", filters, { keep: true });
  return (
    <>
      <div className="tools">
        <Segmented
          className="scrolling"
          value={filters.state}
          onChange={(state) => change({ state })}
          options={STATES.map((state) => ({ value: state, label: state ? named("track.alert", state) : t("track.alerts.live") }))}
        />
      </div>
      <Panel flush>
        <Shown read={read}>
          {(shown) =>
            shown.items.length === 0 ? (
              <Nothing title={t("track.alerts.none")}>{t("track.alerts.noneText")}</Nothing>
            ) : (
              <ul className="cards" data-testid="alerts-list">
                {shown.items.map((alert) => (
                  <OneAlert key={alert.alert_id} alert={alert} />
                ))}
              </ul>
            )
          }
        </Shown>
      </Panel>
    </>
  );
}

function OneAlert({ alert }: { alert: TrackingAlert }) {
  const { w, named } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const move = useWrite<string, TrackingAlert>((state) => api.post(`/api/tracking/alerts/${alert.alert_id}`, { state }), STALE);
  return (
    <li className="card" data-testid={`alert-${alert.kind}`}>
      <div className="card-top">
        <span>
          <b>{w(alert.message)}</b> <Hint text={w(alert.rule)} />
        </span>
        <Tag color={COLOURS[alert.state]}>{named("track.alert", alert.state)}</Tag>
      </div>
      <div className="break">
        <Link to={`/tracking?open=${encodeURIComponent(alert.event)}`}>
          <code>{alert.event}</code>
        </Link>
        {alert.property && (
          <>
            {" "}
            · <code>{alert.property}</code>
          </>
        )}{" "}
        <Numbers alert={alert} />
      </div>
      <div className="card-top faint">
        <Ago time={alert.raised_time} />
        <span className="track-tags">
          {may("develop") &&
            (MOVES[alert.state] ?? []).map((state) => (
              <Button
                key={state}
                size="small"
                loading={move.isPending && move.variables === state}
                onClick={() => move.mutate(state, { onError: (error) => void message.error(w(error.words)) })}
                data-testid={`alert-${state}`}
              >
                {named("track.move", state)}
              </Button>
            ))}
        </span>
      </div>
    </li>
  );
}

/** The numbers that raised the alert. */
function Numbers({ alert }: { alert: TrackingAlert }) {
  const { t, w } = useLanguage();
  const { percent } = useFormat();
  const { detail } = alert;
  if (alert.kind === "new_event") return <>{t("track.said.new_event", { n: detail.events ?? 0 })}</>;
  if (alert.kind === "vanished") {
    return <>{t("track.said.vanished", { days: detail.usual_days ?? 0, n: detail.usual_events ?? 0, last: detail.last_day ?? "–" })}</>;
  }
  return (
    <>
      {t("track.said.type_changed", {
        before: w(typeWords(String(detail.before))),
        was: percent(Number(detail.before_share), 0),
        after: w(typeWords(String(detail.after))),
        now: percent(Number(detail.after_share), 0),
      })}
    </>
  );
}
