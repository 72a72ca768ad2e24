"""What leaves the installation: addresses that may be reached, and the one HTTP client that reaches them."""
