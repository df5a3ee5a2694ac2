"""A part of the stand-in for scikit-learn."""
