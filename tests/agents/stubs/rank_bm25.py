BM25Okapi = None
