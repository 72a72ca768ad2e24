"""Questions: a validated model → a plan with its SQL → rows → the answer. Pure."""
