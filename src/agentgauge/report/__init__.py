"""What people read: the report as a dict in the contract's schema, and as tables."""
