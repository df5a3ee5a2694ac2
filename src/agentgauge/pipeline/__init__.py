"""From a finished span to the ledger, the store and the wire."""
