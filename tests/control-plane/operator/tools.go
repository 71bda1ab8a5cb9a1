//go:build tools

// Package tools pins the Prometheus operator that the end-to-end tests run.
package tools

import _ "github.com/prometheus-operator/prometheus-operator/cmd/operator"
