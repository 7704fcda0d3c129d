import { Segmented } from "antd";
import { useNavigate } from "react-router";
import { useLanguage } from "@/i18n";

const TABS = [
  { value: "/imports", label: "import.tab.files" },
  { value: "/imports/pulls", label: "import.tab.pulls" },
  { value: "/imports/mappings", label: "import.tab.mappings" },
] as const;

/** The three pages of imports. */
export function ImportTabs({ here }: { here: (typeof TABS)[number]["value"] }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  return (
    <div className="tools" data-testid="import-tabs">
      <Segmented
        value={here}
        options={TABS.map((tab) => ({ value: tab.value, label: t(tab.label) }))}
        onChange={(path) => void navigate(path)}
      />
    </div>
  );
}
