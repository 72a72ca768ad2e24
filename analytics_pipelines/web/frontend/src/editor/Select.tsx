interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string }[];
  onChange: (value: T) => void;
  /** The label is for screen readers only. */
  quiet?: boolean;
}

export function Select<T extends string>({ label, value, options, onChange, quiet = false }: Props<T>) {
  const known = options.some((option) => option.value === value);
  return (
    <label className={quiet ? "select quiet" : "select"}>
      <span className={quiet ? "visually-hidden" : undefined}>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value as T)}>
        {!known && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
