"""Actions: what people call events that are none by name. How they match is `insights.actions`."""
