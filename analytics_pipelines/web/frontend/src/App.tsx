import { useEffect } from "react";

import { fetchInstance, fetchMe, fetchProjects } from "./api";
import { Crash } from "./components/Crash";
import { ErrorCard } from "./components/ErrorCard";
import { Shell } from "./components/Shell";
import { Skeleton } from "./components/Skeleton";
import { navigate, overviewPath, routeOf, usePathname } from "./location";
import { NotFoundPage } from "./pages/NotFoundPage";
import { OverviewPage } from "./pages/OverviewPage";
import { SettingsPage } from "./pages/SettingsPage";
import { SqlPage } from "./pages/SqlPage";
import { useResource } from "./resource";
import type { Instance, Me, Project } from "./types";

interface Session {
  me: Me;
  projects: Project[];
  instance: Instance;
}

async function fetchSession(signal: AbortSignal): Promise<Session> {
  const [me, projects, instance] = await Promise.all([
    fetchMe(signal),
    fetchProjects(signal),
    fetchInstance(signal),
  ]);
  return { me, projects, instance };
}

export function App() {
  const { data: session, error, reload, revalidate } = useResource("session", fetchSession);
  if (session) return <Pages session={session} onProjectChange={revalidate} />;
  return (
    <main className="lobby">
      {error ? (
        <ErrorCard title="The page could not be loaded" error={error} onRetry={reload} />
      ) : (
        <Skeleton label="Loading" size="block" />
      )}
    </main>
  );
}

interface PagesProps {
  session: Session;
  onProjectChange: () => void;
}

function Pages({ session, onProjectChange }: PagesProps) {
  const { me, projects, instance } = session;
  const pathname = usePathname();
  const route = routeOf(pathname);
  const first = projects[0];
  const atHome = route.page === "home";

  useEffect(() => {
    if (atHome && first) navigate(overviewPath(first.id), { replace: true });
  }, [atHome, first]);

  if (atHome) return first ? null : <NoProject />;
  const project =
    "projectId" in route ? projects.find((one) => String(one.id) === route.projectId) : undefined;
  if (!project || route.page === "unknown") return <NotFoundPage home={first} />;

  return (
    <Shell me={me} projects={projects} project={project} instance={instance} page={route.page}>
      <Crash key={pathname} title="This page broke">
        {route.page === "overview" ? (
          <OverviewPage key={project.id} project={project} instance={instance} />
        ) : route.page === "sql" ? (
          <SqlPage key={project.id} project={project} />
        ) : (
          <SettingsPage key={project.id} project={project} onChange={onProjectChange} />
        )}
      </Crash>
    </Shell>
  );
}

function NoProject() {
  return (
    <main className="lobby">
      <h1>No project yet</h1>
      <p>
        Create the first one with <code>analytics project create NAME</code>, then reload this page.
      </p>
    </main>
  );
}
