//go:build tools

// Package tools pins the etcd server that the end-to-end tests run. It has a
// module of its own because etcd and Kubernetes disagree on shared dependencies.
package tools

import _ "go.etcd.io/etcd/server/v3"
