import { Select } from "antd";

const ZONES = [
  "Asia/Shanghai", "UTC", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata", "Europe/London", "Europe/Berlin",
  "America/New_York", "America/Chicago", "America/Los_Angeles",
];

interface ZoneFieldProps {
  value?: string;
  onChange?: (zone: string) => void;
  label: string;
  none?: string;
}

/** A zone of business days; `none` is what stands for not knowing it. */
export function ZoneField({ value, onChange, label, none }: ZoneFieldProps) {
  const known = value && !ZONES.includes(value) ? [value, ...ZONES] : ZONES;
  const options = known.map((zone) => ({ value: zone, label: zone }));
  return (
    <Select
      showSearch
      value={value}
      onChange={onChange}
      aria-label={label}
      style={{ minWidth: 170 }}
      options={none ? [{ value: "", label: none }, ...options] : options}
    />
  );
}
