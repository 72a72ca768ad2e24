import { type ReactNode, useId } from "react";

interface Props {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  /** A tick box stands before its label. */
  check?: boolean;
  children: (attributes: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean;
  }) => ReactNode;
}

/** A label, its control, and what is to be known of it; a screen reader hears all of them. */
export function Field({ label, help, error, check = false, children }: Props) {
  const id = useId();
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ");
  const control = children({
    id,
    "aria-describedby": described || undefined,
    "aria-invalid": Boolean(error),
  });
  return (
    <div className={check ? "field field-check" : "field"}>
      <label htmlFor={id}>
        {check && control}
        {label}
      </label>
      {!check && control}
      {help && (
        <p className="field-help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {error && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
