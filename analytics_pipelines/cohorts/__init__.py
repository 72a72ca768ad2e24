"""Sets of persons, by what they are and did or by a list, and who is in them.

`criteria`, `windows`, `behaviour` and `membership` are pure."""
