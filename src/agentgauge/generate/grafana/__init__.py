"""Grafana's JSON of today: typed subclasses of grafanalib, whose 0.7 speaks schema 12 and older panels."""
