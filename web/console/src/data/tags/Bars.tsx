import { useLanguage } from "@/i18n";
import { useFormat } from "@/kit/useFormat";

type Bar = { label: { zh: string; en: string }; count: number };

/** How the values of a tag lie. */
export function Bars({ parts }: { parts: Bar[] }) {
  const { w } = useLanguage();
  const f = useFormat();
  const most = Math.max(1, ...parts.map((part) => part.count));
  return (
    <ol className="bars bars-small">
      {parts.slice(0, 6).map((part, place) => (
        <li key={place}>
          <span className="cut" title={w(part.label)}>
            {w(part.label)}
          </span>
          <span className="bar">
            <i style={{ width: `${(100 * part.count) / most}%` }} />
          </span>
          <b className="number">{f.short(part.count)}</b>
        </li>
      ))}
    </ol>
  );
}
