"""In place of chromadb: a collection in memory, every document as near as any other."""


class PersistentClient:
    def __init__(self, path):
        self._collections = {}

    def get_or_create_collection(self, name, embedding_function):
        return self._collections.setdefault(name, _Collection())


class _Collection:
    def __init__(self):
        self._rows = {}

    def add(self, documents, metadatas, ids):
        for key, document, metadata in zip(ids, documents, metadatas, strict=True):
            self._rows[key] = (document, dict(metadata))

    def delete(self, ids):
        for key in ids:
            self._rows.pop(key, None)

    def count(self):
        return len(self._rows)

    def query(self, query_texts, n_results, where=None):
        found = list(self._rows.items())[:n_results]
        return {
            "ids": [[key for key, _ in found]],
            "documents": [[document for _, (document, _) in found]],
            "metadatas": [[dict(metadata) for _, (_, metadata) in found]],
            "distances": [[0.0 for _ in found]],
        }

    def get(self, ids=None, where=None, limit=None, offset=None):
        found = [(key, self._rows[key]) for key in (ids or self._rows) if key in self._rows]
        return {
            "ids": [key for key, _ in found],
            "documents": [document for _, (document, _) in found],
            "metadatas": [dict(metadata) for _, (_, metadata) in found],
        }
