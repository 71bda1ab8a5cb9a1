//go:build tools

// Package tools pins the Prometheus that tests let discover targets.
package tools

import _ "github.com/prometheus/prometheus/cmd/prometheus"
