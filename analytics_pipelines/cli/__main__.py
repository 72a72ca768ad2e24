"""`python -m analytics_pipelines.cli`, where the console script is not installed."""

from analytics_pipelines.cli.main import main

main()
