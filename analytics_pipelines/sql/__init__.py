"""SQL from people: parsed, rebuilt from an allow-list, guarded, printed, checked again. Pure."""
