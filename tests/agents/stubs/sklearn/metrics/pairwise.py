cosine_similarity = None
