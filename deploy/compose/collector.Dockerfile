# agentgauge's Collector from its sources; the build context is the folder collector/.
FROM golang:1.26 AS build
WORKDIR /src
# First the builder and the published components, which seldom change.
RUN CGO_ENABLED=0 go install go.opentelemetry.io/collector/cmd/builder@v0.161.0
COPY . .
RUN CGO_ENABLED=0 GOFLAGS=-p=2 builder --config=builder-config.yaml && mkdir /storage

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /src/build/agentgauge-collector /agentgauge-collector
COPY --from=build --chown=nonroot /storage /var/lib/agentgauge
ENTRYPOINT ["/agentgauge-collector"]
CMD ["--config=/etc/agentgauge/config.yaml"]
