"""A part of the stand-in for nltk."""
