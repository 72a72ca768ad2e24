import { createContext, useContext } from "react";

import type { Catalog } from "../insights/catalog";

interface Known extends Catalog {
  projectId: number;
}

const Context = createContext<Known>({
  projectId: 0,
  events: [],
  actions: [],
  cohorts: [],
  eventProperties: [],
  personProperties: [],
});

export const CatalogProvider = Context.Provider;

export function useKnown(): Known {
  return useContext(Context);
}
