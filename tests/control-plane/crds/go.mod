// Pins the modules whose custom resource definitions the end-to-end tests load. They are only downloaded, never
// compiled: the tests read YAML files out of the module cache.
module scrapeguard.io/tests/control-plane/crds

go 1.26.0

require (
	github.com/prometheus-operator/prometheus-operator v0.93.1
	istio.io/api v1.31.1
)
