import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useEffect, useState } from "react";

const PAUSE_MS = 300;

interface SearchProps {
  value: string;
  onSearch: (value: string) => void;
  placeholder: string;
  testId?: string;
}

/** The page's search box: `/` comes here; it searches when the typing pauses or on Enter. */
export function Search({ value, onSearch, placeholder, testId = "search" }: SearchProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed.trim() === value) return undefined;
    const timer = setTimeout(() => onSearch(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onSearch]);
  return (
    <span data-search className="search">
      <Input
        allowClear
        prefix={<SearchOutlined className="faint" />}
        suffix={typed ? null : <kbd className="wide-only">/</kbd>}
        value={typed}
        onChange={(change) => setTyped(change.target.value)}
        onPressEnter={() => onSearch(typed.trim())}
        placeholder={placeholder}
        aria-label={placeholder}
        data-testid={testId}
      />
    </span>
  );
}
