module scrapeguard.io/tests/control-plane/crds

go 1.26.0
