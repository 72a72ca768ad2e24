import { Link } from "../components/Link";
import { overviewPath } from "../location";
import { useTitle } from "../title";
import type { Project } from "../types";

export function NotFoundPage({ home }: { home: Project | undefined }) {
  useTitle("Not found");
  return (
    <main className="lobby">
      <h1>There is nothing here</h1>
      <p>The address is wrong, or the project belongs to somebody else.</p>
      {home && <Link to={overviewPath(home.id)}>Go to {home.name}</Link>}
    </main>
  );
}
