/** An event and conditions on what it carries, chosen from what was seen. */
import { DeleteOutlined, FilterOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useRead } from "@/api/hooks";
import type { SeenEvent, SeenProperty } from "@/api/types";
import { useLanguage } from "@/i18n";
import { asValue, MANY_VALUES, NO_VALUES, opsOf, type Condition, type EventMatch, type Op, type Value } from "./conditions";
import { useFormat } from "./useFormat";

interface EventPickerProps {
  value: EventMatch;
  onChange: (value: EventMatch) => void;
  /** Also offers "any event", which is the empty name. */
  any?: boolean;
  /** Without it only the event can be chosen. */
  conditions?: boolean;
  /** Names the parts: `NAME-event`, `NAME-add`, `NAME-property-0` … */
  testId: string;
}

/** The events that were seen, the most frequent first. */
export function useSeenEvents() {
  return useRead<{ items: SeenEvent[] }>("/api/behaviour/events");
}

export function EventPicker({ value, onChange, any = false, conditions = true, testId }: EventPickerProps) {
  const { t, w } = useLanguage();
  const { short } = useFormat();
  const events = useSeenEvents();
  const known = events.data?.items ?? [];
  const chosen = value.event !== "" || any ? value.event : undefined;
  const options = [
    ...(any ? [{ value: "", label: t("behaviour.anyEvent"), search: t("behaviour.anyEvent"), count: 0 }] : []),
    ...known.map((one) => ({
      value: one.event,
      label: w(one.words),
      search: `${one.words.zh} ${one.words.en} ${one.event}`.toLowerCase(),
      count: one.count,
    })),
  ];
  if (value.event && !known.some((one) => one.event === value.event)) {
    options.push({ value: value.event, label: value.event, search: value.event.toLowerCase(), count: 0 });
  }
  const set = (at: number, one: Condition) =>
    onChange({ ...value, where: value.where.map((old, place) => (place === at ? one : old)) });
  return (
    <div className="event-picker">
      <div className="event-picker-head">
        <Select
          className="event-select"
          showSearch={{ filterOption: (typed, option) => (option?.search ?? "").includes(typed.toLowerCase()) }}
          value={chosen}
          placeholder={t("behaviour.chooseEvent")}
          loading={events.isPending}
          notFoundContent={t("behaviour.noEvent")}
          options={options}
          optionRender={(option) => (
            <span className="event-option">
              <span>{option.data.label}</span>
              {option.data.count > 0 && <span className="faint number">{short(option.data.count)}</span>}
            </span>
          )}
          onChange={(event: string) => onChange({ event, where: [] })}
          aria-label={t("behaviour.chooseEvent")}
          data-testid={`${testId}-event`}
        />
        {conditions && (
          <Button
            type="text"
            icon={<FilterOutlined />}
            disabled={(value.event === "" && !any) || value.where.length >= 10}
            onClick={() => onChange({ ...value, where: [...value.where, { property: "", op: "eq", values: [] }] })}
            aria-label={t("behaviour.addCondition")}
            title={t("behaviour.addCondition")}
            data-testid={`${testId}-add`}
          />
        )}
      </div>
      {conditions && value.where.length > 0 && (
        <Conditions
          event={value.event}
          where={value.where}
          onSet={set}
          onRemove={(at) => onChange({ ...value, where: value.where.filter((_, place) => place !== at) })}
          testId={testId}
        />
      )}
    </div>
  );
}

interface ConditionsProps {
  event: string;
  where: Condition[];
  onSet: (at: number, one: Condition) => void;
  onRemove: (at: number) => void;
  testId: string;
}

function Conditions({ event, where, onSet, onRemove, testId }: ConditionsProps) {
  const { t, w } = useLanguage();
  const read = useRead<{ items: SeenProperty[] }>("/api/behaviour/properties", { event });
  const properties = read.data?.items ?? [];
  return (
    <ul className="conditions">
      {where.map((one, at) => {
        const property = properties.find((p) => p.property === one.property);
        const type = property?.type ?? "text";
        return (
          <li key={at}>
            <Select
              showSearch={{ optionFilterProp: "label" }}
              value={one.property || undefined}
              placeholder={t("behaviour.property")}
              loading={read.isPending}
              options={properties.map((p) => ({ value: p.property, label: w(p.words) }))}
              onChange={(name: string) => {
                const next = properties.find((p) => p.property === name)?.type ?? "text";
                onSet(at, { property: name, op: opsOf(next).includes(one.op) ? one.op : opsOf(next)[0]!, values: [] });
              }}
              aria-label={t("behaviour.property")}
              data-testid={`${testId}-property-${at}`}
            />
            <Select
              value={one.op}
              options={opsOf(type).map((op) => ({ value: op, label: t(`behaviour.op.${op}`) }))}
              onChange={(op: Op) => onSet(at, { ...one, op, values: kept(one, op) })}
              aria-label={t("behaviour.op")}
              data-testid={`${testId}-op-${at}`}
            />
            {!NO_VALUES.includes(one.op) && (
              <ValueField one={one} type={type} offered={property?.values ?? []} onSet={(next) => onSet(at, next)} testId={`${testId}-value-${at}`} />
            )}
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined />}
              onClick={() => onRemove(at)}
              aria-label={t("behaviour.removeCondition")}
            />
          </li>
        );
      })}
    </ul>
  );
}

function kept(one: Condition, op: Op): Value[] {
  if (NO_VALUES.includes(op)) return [];
  return MANY_VALUES.includes(op) ? one.values : one.values.slice(0, 1);
}

interface ValueFieldProps {
  one: Condition;
  type: SeenProperty["type"];
  offered: string[];
  onSet: (one: Condition) => void;
  testId: string;
}

/** Text offers what was seen and takes anything else; a number is typed. */
function ValueField({ one, type, offered, onSet, testId }: ValueFieldProps) {
  const { t } = useLanguage();
  const many = MANY_VALUES.includes(one.op);
  const words = (text: string) => (type === "boolean" ? t(text === "true" ? "behaviour.true" : "behaviour.false") : text);
  const put = (texts: string[]) => {
    const values = texts.map((text) => asValue(type, text)).filter((v): v is Value => v !== null);
    onSet({ ...one, values });
  };
  if (type === "number" || type === "time" || one.op === "contains") {
    return (
      <Input
        key={`${one.property} ${one.op}`}
        type={type === "number" ? "number" : type === "time" ? "date" : "text"}
        defaultValue={one.values[0] === undefined ? "" : String(one.values[0])}
        placeholder={t("behaviour.value")}
        onBlur={(event) => put([event.target.value])}
        onPressEnter={(event) => put([event.currentTarget.value])}
        aria-label={t("behaviour.value")}
        data-testid={testId}
      />
    );
  }
  const options = (type === "boolean" ? ["true", "false"] : offered).map((text) => ({ value: text, label: words(text) }));
  return (
    <Select
      mode={type === "boolean" ? undefined : "tags"}
      maxCount={many || type === "boolean" ? undefined : 1}
      value={type === "boolean" ? one.values.slice(0, 1).map(String)[0] : one.values.map(String)}
      options={options}
      placeholder={t(many ? "behaviour.values" : "behaviour.value")}
      onChange={(chosen: string | string[]) => put(Array.isArray(chosen) ? chosen : [chosen])}
      aria-label={t("behaviour.value")}
      data-testid={testId}
    />
  );
}
