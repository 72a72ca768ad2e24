"""Erasures: what is held of a person, a group, chosen events or a project goes from every place, with proof."""
