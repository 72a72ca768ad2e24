import type { ReactNode } from "react";

import { webAddress } from "../webAddress";

/** A link to the outside when `address` is a web address, else its text. */
export function WebLink({ address, children }: { address: string; children?: ReactNode }) {
  const href = webAddress(address);
  if (href === null) return <span>{children ?? address}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children ?? address}
    </a>
  );
}
