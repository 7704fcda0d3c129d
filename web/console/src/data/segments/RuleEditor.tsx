import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Dropdown, Segmented, Switch, Tag } from "antd";
import { useLanguage } from "@/i18n";
import { useFormat } from "@/kit/useFormat";
import { LeafEditor, type Known } from "./LeafEditor";
import { NEW_LEAVES, unwrapped, wrapped, type Group, type NewLeaf, type Rule } from "./rule";

const DEEPEST = 4;
const KINDS = Object.keys(NEW_LEAVES) as NewLeaf[];

interface RuleEditorProps {
  rule: Rule;
  onChange: (rule: Rule) => void;
  onRemove?: () => void;
  known: Known;
  depth?: number;
  /** The part's place, as test ids name it. */
  place: string;
}

/** A part of a rule: a group with parts, or one condition; each can be negated and taken away. */
export function RuleEditor({ rule, onChange, onRemove, known, depth = 1, place }: RuleEditorProps) {
  const { t } = useLanguage();
  const { inner, negated } = unwrapped(rule);
  const negate = (
    <label className="rule-negate">
      <Switch size="small" checked={negated} onChange={(on) => onChange(wrapped(inner, on))} data-testid={`${place}-not`} /> {t("segment.not")}
    </label>
  );
  const remove = onRemove && (
    <Button type="text" size="small" icon={<DeleteOutlined />} onClick={onRemove} aria-label={t("segment.remove")} data-testid={`${place}-remove`} />
  );
  if (inner.is === "all" || inner.is === "any") {
    return (
      <GroupEditor group={inner} onChange={(group) => onChange(wrapped(group, negated))} known={known} depth={depth} place={place} negated={negated}>
        {negate}
        {remove}
      </GroupEditor>
    );
  }
  return (
    <div className={`rule-leaf ${negated ? "rule-negated" : ""}`} data-testid={place}>
      <div className="rule-leaf-head">
        <Tag>{t(`segment.kind.${inner.is}`)}</Tag>
        <span className="grow" />
        {negate}
        {remove}
      </div>
      <LeafEditor leaf={inner} onChange={(leaf) => onChange(wrapped(leaf, negated))} known={known} testId={place} />
    </div>
  );
}

interface GroupEditorProps {
  group: Group;
  onChange: (group: Group) => void;
  known: Known;
  depth: number;
  place: string;
  negated: boolean;
  children: React.ReactNode;
}

function GroupEditor({ group, onChange, known, depth, place, negated, children }: GroupEditorProps) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const add = (part: Rule) => onChange({ ...group, of: [...group.of, part] });
  return (
    <div className={`rule-group ${negated ? "rule-negated" : ""}`} data-testid={place}>
      <div className="rule-leaf-head">
        <Segmented<Group["is"]>
          size="small"
          value={group.is}
          onChange={(is) => onChange({ is, of: group.of } as Group)}
          options={[
            { value: "all", label: t("segment.all") },
            { value: "any", label: t("segment.any") },
          ]}
        />
        {depth > 1 && <span className="faint">{t("segment.parts", { n: whole(group.of.length) })}</span>}
        <span className="grow" />
        {children}
      </div>
      {group.of.map((part, at) => (
        <div key={at} className="rule-part">
          {at > 0 && <span className="rule-joint">{t(group.is === "all" ? "segment.and" : "segment.or")}</span>}
          <RuleEditor
            rule={part}
            onChange={(next) => onChange({ ...group, of: group.of.map((old, n) => (n === at ? next : old)) })}
            onRemove={() => onChange({ ...group, of: group.of.filter((_, n) => n !== at) })}
            known={known}
            depth={depth + 1}
            place={`${place}-${at}`}
          />
        </div>
      ))}
      <div className="rule-add">
        <Dropdown
          trigger={["click"]}
          menu={{
            items: KINDS.map((kind) => ({ key: kind, label: <span data-testid={`${place}-add-${kind}`}>{t(`segment.kind.${kind}`)}</span> })),
            onClick: ({ key }) => add(NEW_LEAVES[key as NewLeaf]),
          }}
        >
          <Button size="small" icon={<PlusOutlined />} data-testid={`${place}-add`}>
            {t("segment.addCondition")}
          </Button>
        </Dropdown>
        {depth < DEEPEST && (
          <Button size="small" type="text" icon={<PlusOutlined />} onClick={() => add({ is: "any", of: [] })} data-testid={`${place}-add-group`}>
            {t("segment.addGroup")}
          </Button>
        )}
      </div>
    </div>
  );
}
