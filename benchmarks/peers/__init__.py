"""Applications that capture is measured against; granian imports each by its name."""
