"""The fault points that there are, read from the source, so that no test can forget one."""

import re
from pathlib import Path

import analytics_pipelines

SOURCE = Path(analytics_pipelines.__file__).parent


def fault_points(*modules: str) -> list[str]:
    """Points in the source of these modules, folders or files under `analytics_pipelines`."""
    found = []
    for module in modules:
        path = SOURCE / module
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            text = file.read_text()
            found += re.findall(r'\bhit\("([^"]+)"\)', text)
            for prefix, name in re.findall(r'\bhit\(f"([^"{]*)\{(\w+)\}"\)', text):
                assert name == "name", f"{file}: say here what {name} may be"
                found += [f"{prefix}{each}" for each in re.findall(r'^        "(publish_\w+)",$', text, re.M)]
            assert len(re.findall(r"\bhit\(", text)) == len(re.findall(r'\bhit\(f?"', text)), file
    return found
