"""The local stack: Collector, Tempo, Prometheus, Alertmanager, Grafana, natively or in containers."""
