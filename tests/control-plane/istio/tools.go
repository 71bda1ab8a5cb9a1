//go:build tools

// Package tools pins istiod, whose injection webhook the end-to-end tests run beside ours.
package tools

import _ "istio.io/istio/pilot/cmd/pilot-discovery"
