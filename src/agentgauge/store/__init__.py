"""The SQLite store: where calls are kept, and the outbox they leave by."""
