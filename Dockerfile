# newswire in a container: the store in /var/lib/newswire, the configuration in /etc/newswire/newswire.toml, HTTP on 8390.
#
#   docker build -t newswire .
#   docker run -d --name newswire -p 127.0.0.1:8390:8390 -v newswire:/var/lib/newswire newswire
#   docker exec newswire newswire add https://lwn.net/headlines/rss
#
# With Compose: config/compose.yaml.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential
WORKDIR /newswire
COPY . .
RUN cargo build --locked --release

FROM debian:bookworm-slim
# The system's certificates are trusted, since they change more often than this image.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 8390 --home-dir /var/lib/newswire --create-home newswire
COPY --from=build /newswire/target/release/newswire /usr/bin/newswire
COPY config/container.toml /etc/newswire/newswire.toml
USER newswire
ENV NEWSWIRE_DB=/var/lib/newswire/newswire.db
VOLUME /var/lib/newswire
EXPOSE 8390
HEALTHCHECK --interval=1m --timeout=10s --start-period=30s CMD ["newswire", "healthcheck"]
ENTRYPOINT ["newswire"]
CMD ["run"]
