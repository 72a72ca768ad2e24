"""The catalog: which events and properties a project has sent, and of what type they are."""
