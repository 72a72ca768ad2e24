import { useId } from "react";

import { type Page, navigate, pagePath } from "../location";
import type { Project } from "../types";

interface Props {
  projects: Project[];
  project: Project;
  page: Page;
}

/** Stays on the same page, and keeps its date range or query. */
export function ProjectSwitcher({ projects, project, page }: Props) {
  const id = useId();
  const go = (projectId: string) => {
    const chosen = projects.find((one) => String(one.id) === projectId);
    if (!chosen) return;
    navigate(pagePath(page, chosen.id) + window.location.search);
  };
  return (
    <div className="switcher">
      <label htmlFor={id}>Project</label>
      <select
        id={id}
        data-testid="project-switcher"
        value={String(project.id)}
        onChange={(event) => go(event.target.value)}
      >
        {projects.map((one) => (
          <option key={one.id} value={String(one.id)}>
            {one.name}
          </option>
        ))}
      </select>
    </div>
  );
}
