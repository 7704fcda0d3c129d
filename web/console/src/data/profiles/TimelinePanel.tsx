import { Button } from "antd";
import { useState } from "react";
import type { TimelineEvent } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Json } from "@/kit/Json";
import { Search } from "@/kit/Search";
import { Cut } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { profilePath } from "@/kit/paths";
import { useFacets } from "./useFacets";
import { useMore } from "./useMore";

/** 用户行为序列: what the person did, the newest first, by day. */
export function TimelinePanel({ userId }: { userId: string }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { channel } = useFacets();
  const [event, setEvent] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const read = useMore<TimelineEvent>(profilePath(userId, "/timeline"), { event, limit: 50 });
  return (
    <>
      <div className="tools">
        <Search value={event} onSearch={setEvent} placeholder={t("timeline.filter")} testId="timeline-filter" />
      </div>
      <Shown read={read}>
        {(events) =>
          events.length === 0 ? (
            <Nothing title={t(event ? "list.noMatch" : "timeline.none")}>{t("timeline.noneText")}</Nothing>
          ) : (
            <>
              <ol className="timeline" data-testid="timeline">
                {events.map((one, place) => {
                  const day = f.date(one.event_time);
                  const fresh = place === 0 || f.date(events[place - 1]!.event_time) !== day;
                  const shown = open === one.event_id;
                  return (
                    <li key={one.event_id}>
                      {fresh && <div className="timeline-day">{day}</div>}
                      <button type="button" aria-expanded={shown} onClick={() => setOpen(shown ? null : one.event_id)}>
                        <time className="number faint">{f.clock(one.event_time)}</time>
                        <b className="event-name">{one.event}</b>
                        <span className="faint">{[one.platform, channel(one.channel)].filter(Boolean).join(" · ")}</span>
                        <Cut text={summary(one.properties)} width={360} />
                      </button>
                      {shown && <Json value={one} />}
                    </li>
                  );
                })}
              </ol>
              {read.hasNextPage && (
                <Button block loading={read.isFetchingNextPage} onClick={() => void read.fetchNextPage()} data-testid="timeline-more">
                  {t("list.more")}
                </Button>
              )}
            </>
          )
        }
      </Shown>
    </>
  );
}

function summary(properties: Record<string, unknown>): string {
  return Object.entries(properties)
    .filter(([, value]) => value !== null && typeof value !== "object")
    .map(([name, value]) => `${name}=${String(value)}`)
    .join("  ");
}
