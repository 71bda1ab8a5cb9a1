# A static program and nothing else: no shell, no libraries, no package manager.
#
#   docker build --tag scrapeguard:0.1.0 .
# The C compiler in it builds aws-lc, the cryptography under rustls.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY benches benches
COPY examples examples
COPY tests tests
# The C library is linked in. The server resolves no names and reads no user database, which is all that a static glibc
# does less well.
ARG TARGETARCH
RUN case "$TARGETARCH" in arm64) target=aarch64 ;; *) target=x86_64 ;; esac \
    && export RUSTFLAGS="-C target-feature=+crt-static" \
    && cargo build --release --locked --bin scrapeguard --target "$target-unknown-linux-gnu" \
    && install -D "target/$target-unknown-linux-gnu/release/scrapeguard" /out/scrapeguard

FROM scratch
COPY --from=build /out/scrapeguard /scrapeguard
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/scrapeguard"]
CMD ["serve", "--listen=0.0.0.0:8443", "--health-listen=0.0.0.0:8080"]
