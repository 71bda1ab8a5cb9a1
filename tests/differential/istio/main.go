// Command istio says of policies what Istio's own validation says of them.
//
// It reads one object a line from standard input: {"kind": "AuthorizationPolicy", "annotations": {}, "spec": {}}.
// It answers each with one line: {"valid": true, "error": "", "warnings": []}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/validation"
	"istio.io/istio/pkg/util/protomarshal"
)

type question struct {
	Kind        string            `json:"kind"`
	Annotations map[string]string `json:"annotations"`
	Spec        json.RawMessage   `json:"spec"`
}

type answer struct {
	Valid    bool     `json:"valid"`
	Error    string   `json:"error"`
	Warnings []string `json:"warnings"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(answers)
	for lines.Scan() {
		if err := encoder.Encode(judge(lines.Bytes())); err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
	if err := answers.Flush(); err != nil {
		fail(err)
	}
}

func judge(line []byte) answer {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		fail(err)
	}
	spec, validate, err := of(asked.Kind)
	if err != nil {
		fail(err)
	}
	// What cannot be decoded is refused as well: by the schema of the custom resource, or by istiod.
	if err := protomarshal.Unmarshal(asked.Spec, spec); err != nil {
		return refused(err, nil)
	}
	meta := config.Meta{Name: "policy", Namespace: "monitoring", Annotations: asked.Annotations}
	warning, err := validate(config.Config{Meta: meta, Spec: spec})
	warnings := []string{}
	if warning != nil {
		warnings = append(warnings, warning.Error())
	}
	if err != nil {
		return refused(err, warnings)
	}
	return answer{Valid: true, Warnings: warnings}
}

type check func(config.Config) (validation.Warning, error)

func of(kind string) (proto.Message, check, error) {
	switch kind {
	case "AuthorizationPolicy":
		return &security.AuthorizationPolicy{}, check(validation.ValidateAuthorizationPolicy), nil
	case "PeerAuthentication":
		return &security.PeerAuthentication{}, check(validation.ValidatePeerAuthentication), nil
	}
	return nil, nil, fmt.Errorf("kind %q is not known here", kind)
}

func refused(err error, warnings []string) answer {
	if warnings == nil {
		warnings = []string{}
	}
	return answer{Error: err.Error(), Warnings: warnings}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
