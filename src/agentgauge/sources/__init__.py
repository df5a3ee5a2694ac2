"""One file per instrumentation: each reads its spans into calls."""
