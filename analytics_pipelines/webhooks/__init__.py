"""Events that people's own systems are told of: which ones, in which words, and whether they arrived."""
