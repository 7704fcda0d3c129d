import { useLanguage } from "@/i18n";
import { PageFrame, Panel } from "@/kit/page";
import { useAnswer, useQuestion } from "@/kit/question";
import { Nothing, Shown } from "@/kit/states";
import { FunnelForm } from "./FunnelForm";
import { asked, FUNNEL, type FunnelAnswer, type FunnelQuestion } from "./question";
import { Results } from "./Results";
import { SavedFunnels } from "./SavedFunnels";

export default function FunnelPage() {
  const { t } = useLanguage();
  const { question, change } = useQuestion<FunnelQuestion>(FUNNEL);
  const wanted = asked(question);
  const answer = useAnswer<FunnelAnswer>("/api/funnels/query", { funnel: wanted }, wanted !== null);
  const read = answer.error ? { data: undefined, error: answer.error, refetch: answer.refetch } : answer;
  return (
    <PageFrame
      testId="page-funnel"
      title={t("nav.funnel")}
      about={t("funnel.about")}
      extra={<SavedFunnels question={wanted} onOpen={(saved) => change({ ...FUNNEL, ...saved })} />}
    >
      <div className="funnel-page">
        <FunnelForm question={question} change={change} />
        <div className="funnel-results">
          {wanted === null ? (
            <Panel>
              <Nothing title={t("funnel.choose")}>{t("funnel.chooseText")}</Nothing>
            </Panel>
          ) : (
            <Shown read={read} rows={8}>
              {(found) => <Results question={wanted} answer={found} change={change} />}
            </Shown>
          )}
        </div>
      </div>
    </PageFrame>
  );
}
